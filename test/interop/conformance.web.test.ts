import { FlightSqlClient } from "flightsql";
import { conformance } from "../conformance/suite.ts";
import { remoteService, saveRemotely } from "./remote-service.ts";

conformance({
  // The browser keeps the cookies, and sends them where it is told to.
  create: (options) => new FlightSqlClient({ ...options, credentials: "include" }),
  duplex: false,
  start: (request) => remoteService({ ...request, via: "envoy" }),
  save: saveRemotely,
});
