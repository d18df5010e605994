import { describe } from "vitest";
import { influxBackend } from "../support/influx-backend.ts";
import { describeInflux } from "./influx.ts";
import { scripted, ways } from "./scripted.ts";

describe("a server like InfluxDB 3, gRPC-Web without a socket", () => {
  describeInflux(() => ways["gRPC-Web"](scripted(influxBackend())));
});
