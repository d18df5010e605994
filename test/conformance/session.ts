import type { SessionOptionValue } from "flightsql";
import { equal } from "./assert.ts";
import type { Scenario, Subject } from "./scenario.ts";

const list = ["a", "b", "sea", "dee", " ", "  ", "geee", "(づ｡◕‿‿◕｡)づ"];
const set: Record<string, SessionOptionValue> = {
  foolong: 123n,
  bardouble: 456,
  lol_invalid: "this won't get set",
  key_with_invalid_value: "lol_invalid",
  big_ol_string_list: list,
};
const refused = new Map([
  ["lol_invalid", "invalid_name"],
  ["key_with_invalid_value", "invalid_value"],
]);
const accepted = { foolong: 123n, bardouble: 456, big_ol_string_list: list };
const mapOf = (values: Record<string, unknown>): Map<string, unknown> => new Map(Object.entries(values));

/** Arrow's C++ and Java clients do one thing here and its Go client another: both. */
export const sessionOptions: Scenario = {
  name: "session_options",
  async run(subject) {
    await asJava(subject);
    await asGo(subject);
  },
};

async function asJava({ connect }: Subject): Promise<void> {
  const client = connect();
  equal(await client.setSessionOptions(set), refused, "SetSessionOptions: what was refused");
  equal(await client.getSessionOptions(), mapOf(accepted), "GetSessionOptions");
  const joined = list.join(",");
  equal(
    await client.setSessionOptions({ foolong: null, big_ol_string_list: joined }),
    new Map(),
    "what was refused then",
  );
  equal(
    await client.getSessionOptions(),
    mapOf({ bardouble: 456, big_ol_string_list: joined }),
    "GetSessionOptions then",
  );
  // Ours: in a browser the next client would find this session.
  equal(await client.closeSession(), "closed", "CloseSession");
}

async function asGo({ connect }: Subject): Promise<void> {
  const client = connect();
  equal(await client.getSessionOptions(), new Map(), "GetSessionOptions of a new session");
  equal(await client.setSessionOptions(set), refused, "SetSessionOptions: what was refused");
  equal(await client.getSessionOptions(), mapOf(accepted), "GetSessionOptions");
  equal(await client.setSessionOptions({ foolong: null }), new Map(), "erasing an option: what was refused");
  equal(await client.getSessionOptions(), mapOf({ bardouble: 456, big_ol_string_list: list }), "what is left");
  equal(await client.closeSession(), "closed", "CloseSession");
  // Ours: arrow-go begins a new session then, and C++ (apache/arrow#39791) refuses the cookie; nothing may be left.
  const left = await client.getSessionOptions().catch(() => new Map());
  equal(left, new Map(), "options after CloseSession");
}
