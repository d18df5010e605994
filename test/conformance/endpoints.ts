import { Field, Int32, Schema, type Table } from "apache-arrow";
import { check, equal, failure, text, utf8 } from "./assert.ts";
import { sameSchema } from "./compare.ts";
import type { Scenario } from "./scenario.ts";

const numbers = (table: Table): unknown[] => table.getChildAt(0)!.toJSON();

export const ordered: Scenario = {
  name: "ordered",
  async run({ connect, proves }) {
    const client = connect();
    const info = await client.flight.getFlightInfo({ cmd: utf8("ordered") });
    check(info.ordered, "the FlightInfo is not ordered");
    const all: unknown[] = [];
    for (const endpoint of info.endpoints) {
      equal(endpoint.locations, [], "locations of an endpoint");
      const table = await client.doGet(endpoint).readAll();
      sameSchema(table.schema, new Schema([new Field("number", new Int32(), false)]), "DoGet");
      all.push(...numbers(table));
    }
    equal(all, [1, 2, 3, 10, 20, 30, 100, 200, 300], "all endpoints");
    proves("GetFlightInfo", "DoGet");

    // Ours: a query reads its endpoints side by side and still joins them as the FlightInfo lists them.
    const result = client.query("in parallel");
    const listed: unknown[] = [];
    for (const endpoint of (await result.info()).endpoints)
      listed.push(...numbers(await client.doGet(endpoint).readAll()));
    equal(numbers(await result.table()), listed, "a query's endpoints");
    equal(listed.length, 9, "rows of the query");
  },
};

export const reuseConnection: Scenario = {
  name: "location:reuse_connection",
  async run({ connect }) {
    const info = await connect().flight.getFlightInfo({ cmd: utf8("reuse") });
    const locations = info.endpoints.map((endpoint) => endpoint.locations);
    equal(locations, [["arrow-flight-reuse-connection://?"]], "locations of each endpoint");
  },
};

export const appMetadata: Scenario = {
  name: "app_metadata_flight_info_endpoint",
  async run({ connect }) {
    const { flight } = connect();
    const info = await flight.getFlightInfo({ cmd: utf8("foobar") });
    equal(text(info.appMetadata), "foobar", "app_metadata of the FlightInfo");
    const ofEndpoints = info.endpoints.map((endpoint) => text(endpoint.appMetadata));
    equal(ofEndpoints, ["foobar"], "app_metadata of each endpoint");
    // Ours.
    await failure(flight.getFlightInfo({ path: ["foobar"] }), "GetFlightInfo of a path");
  },
};
