import { FlightSqlClient } from "flightsql";
import { describe } from "vitest";
import { pyarrowSuite } from "./pyarrow-suite.ts";
import { remoteService } from "./remote-service.ts";

describe("pyarrow through Envoy, Chromium", () => {
  pyarrowSuite({
    start: (request) => remoteService({ ...request, via: "envoy" }),
    create: (options) => new FlightSqlClient(options),
    duplex: false,
  });
});
