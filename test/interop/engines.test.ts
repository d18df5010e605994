import { FlightSqlClient } from "flightsql";
import { describe } from "vitest";
import { flights } from "../support/reference.ts";
import { enginesSuite } from "./engines-suite.ts";
import { startService } from "./start-service.ts";

describe("native gRPC", () => {
  enginesSuite({ start: startService, create: (options) => new FlightSqlClient(options), flights });
});
