import { FlightSqlClient } from "flightsql";
import { describe } from "vitest";
import { enginesSuite } from "./engines-suite.ts";
import { remoteService } from "./remote-service.ts";

describe("Chromium through Envoy", () => {
  enginesSuite({
    start: (request) => remoteService({ ...request, via: "envoy" }),
    create: (options) => new FlightSqlClient(options),
    // Relative to where the tests are run: the page knows no file.
    flights: "node_modules/vega-datasets/data/flights-3m.parquet",
  });
});
