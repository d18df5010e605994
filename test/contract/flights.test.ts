import { inject } from "vitest";
import { describeFlights } from "./flights.ts";

const { grpc, web, bridge } = inject("embedded");

// Browsers have no native gRPC.
if (typeof process !== "undefined" && process.versions?.node !== undefined) describeFlights("native gRPC", grpc);
describeFlights("gRPC-Web", web);
describeFlights("the bridge", bridge);
