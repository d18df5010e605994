// Every public name of `flightsql/mosaic`, one by one: an addition here is an addition to the API.

export { type FlightSqlConnector, flightSqlConnector, type JsonRequest, type Stoppable } from "./connector.ts";
