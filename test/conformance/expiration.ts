import type { FlightInfo, FlightSqlClient } from "flightsql";
import { check, collect, equal, failure, utf8 } from "./assert.ts";
import type { Scenario } from "./scenario.ts";

const getInfo = (client: FlightSqlClient): Promise<FlightInfo> =>
  client.flight.getFlightInfo({ cmd: utf8("expiration_time") });

export const doGet: Scenario = {
  name: "expiration_time:do_get",
  async run({ connect }) {
    const client = connect();
    const { endpoints } = await getInfo(client);
    const expires = endpoints.map(({ expirationTime }) => expirationTime !== null);
    equal(expires, [false, true, true], "which endpoints have an expiration time");
    const read = async (i: number): Promise<unknown[]> => {
      const table = await client.doGet(endpoints[i]!).readAll();
      return table.getChildAt(0)!.toJSON();
    };
    for (const [i, { locations }] of endpoints.entries()) {
      equal(locations, [], `locations of endpoint ${i}`);
      equal(await read(i), [i], `endpoint ${i}`);
    }
    // Ours: what expires may be read again until then, and nothing else may.
    await failure(read(0), "reading endpoint 0 a second time");
    equal(await read(1), [1], "endpoint 1 a second time");
  },
};

export const listActions: Scenario = {
  name: "expiration_time:list_actions",
  async run({ connect, proves }) {
    const types = (await collect(connect().flight.listActions())).map(({ type }) => type);
    equal(types.sort(), ["CancelFlightInfo", "RenewFlightEndpoint"], "the actions");
    proves("ListActions");
  },
};

export const cancelFlightInfo: Scenario = {
  name: "expiration_time:cancel_flight_info",
  async run({ connect }) {
    const client = connect();
    const info = await getInfo(client);
    equal(await client.flight.cancelFlightInfo(info), "cancelled", "CancelFlightInfo");
    for (const [i, endpoint] of info.endpoints.entries())
      await failure(client.doGet(endpoint).readAll(), `reading endpoint ${i} of what was cancelled`);
    // Ours.
    equal(await client.cancel(info), "not_cancellable", "cancelling again");
  },
};

export const renewFlightEndpoint: Scenario = {
  name: "expiration_time:renew_flight_endpoint",
  async run({ connect }) {
    const client = connect();
    const { endpoints } = await getInfo(client);
    const expiring = endpoints.filter(({ expirationTime }) => expirationTime !== null);
    equal(expiring.length, 2, "endpoints that expire");
    for (const endpoint of expiring) {
      const renewed = await client.flight.renewFlightEndpoint(endpoint);
      check(renewed.expirationTime !== null, "the renewed endpoint has no expiration time");
      check(
        renewed.expirationTime > endpoint.expirationTime!,
        `the renewed endpoint expires at ${renewed.expirationTime}, no later than before: ${endpoint.expirationTime}`,
      );
      // Ours: the ticket is the new one, and good.
      const table = await client.doGet(renewed).readAll();
      equal(table.getChildAt(0)!.toJSON(), [endpoints.indexOf(endpoint)], "the renewed endpoint");
    }
  },
};
