import { FlightSqlClient } from "flightsql";
import { describe } from "vitest";
import { pyarrowSuite } from "./pyarrow-suite.ts";
import { startService } from "./start-service.ts";

const create = (options: ConstructorParameters<typeof FlightSqlClient>[0]): FlightSqlClient =>
  new FlightSqlClient(options);

describe("pyarrow, native gRPC", () => {
  pyarrowSuite({ start: startService, create, duplex: true });
});
describe("pyarrow through Envoy, fetch on Node", () => {
  pyarrowSuite({ start: (request) => startService({ ...request, via: "envoy" }), create, duplex: false });
});
