import { inject } from "vitest";
import { describeFlights } from "../contract/flights.ts";

describeFlights("Envoy", inject("envoy"));
