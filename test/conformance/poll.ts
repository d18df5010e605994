import { Field, Schema, Uint32 } from "apache-arrow";
import type { PollInfo } from "flightsql";
import { check, equal, text, utf8 } from "./assert.ts";
import { sameSchema } from "./compare.ts";
import type { Scenario } from "./scenario.ts";

export const pollFlightInfo: Scenario = {
  name: "poll_flight_info",
  async run({ connect, proves }) {
    const client = connect();
    const first = await client.flight.pollFlightInfo({ cmd: utf8("heavy query") });
    check(first.descriptor !== null, "the first answer has no descriptor to go on with");
    check(
      first.progress !== null && first.progress >= 0 && first.progress <= 1,
      `the first answer's progress is ${first.progress}`,
    );
    check(first.expirationTime !== null, "the first answer has no expiration time");
    checkInfo(first, "the first answer");

    const last = await client.flight.pollFlightInfo(first.descriptor);
    equal(last.descriptor, null, "the last answer's descriptor");
    check(
      last.progress !== null && Math.abs(last.progress - 1) <= 1e-5,
      `the last answer's progress is ${last.progress}`,
    );
    equal(last.expirationTime, null, "the last answer's expiration time");
    checkInfo(last, "the last answer");
    proves("PollFlightInfo");

    // Ours: a query that polls takes what the answers say.
    const info = await client.query("heavy query", undefined, { poll: true }).info();
    equal(info.endpoints.length, 1, "endpoints of a query that polls");
  },
};

function checkInfo({ info }: PollInfo, what: string): void {
  check(info !== null, `${what} has no FlightInfo`);
  const tickets = info.endpoints.map(({ ticket }) => text(ticket));
  equal(tickets, ["long-running query"], `${what}: the endpoints' tickets`);
  sameSchema(info.schema, new Schema([new Field("number", new Uint32(), false)]), what);
}
