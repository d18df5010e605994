// node exit.mjs URL CASE: uses a client, says what came of it, and leaves the end of the process to itself.

import { writeSync } from "node:fs";
import { FlightSqlClient } from "flightsql";

const [url, name] = process.argv.slice(2);
// Limits whose timers must not keep the process.
const options = { url, timeoutMs: 600_000, firstByteTimeoutMs: 600_000, idleTimeoutMs: 600_000 };
const client = new FlightSqlClient(options);

// At once: what a process says on its way out must not be lost.
const say = (what) => writeSync(1, `${JSON.stringify(what)}\n`);
const rows = async () => (await client.query("q").all()).length;
const codeOf = (call) =>
  call.then(
    () => "ok",
    ({ code, message }) => `${code}: ${message.replace(/^.*: /s, "")}`,
  );

const cases = {
  async idle() {
    say(await rows());
    for await (const _ of client.query("q")) break;
    const info = await client.query("q", undefined, { signal: new AbortController().signal }).info();
    say(info.endpoints.length);
  },
  // A result of which nobody asks any more, and of which nothing is under way.
  async planned() {
    const result = client.query("q");
    await result.info();
    globalThis.kept = result;
    say("planned");
  },
  async closed() {
    say(await rows());
    await Promise.all([client.close(), client.close()]);
    await client.close();
    say(await codeOf(rows()));
  },
  // The server keeps DoGet and DoPut for itself.
  async "closed with calls in flight"() {
    const calls = [
      ...Array.from({ length: 20 }, () => client.query("q").table()),
      client.doGet(Uint8Array.of(1)).readAll(),
      client.executeUpdate("q"),
      (async () => {
        for await (const _ of client.query("q").rows());
      })(),
    ];
    const ends = Promise.all(calls.map(codeOf));
    // Whoever started it sees when they have come.
    process.stdin.once("data", async () => {
      process.stdin.destroy();
      await Promise.all([client.close(), client.close()]);
      say([...new Set(await ends)]);
    });
  },
  async "closed before anything"() {
    await client.close();
    await client.close();
    say("closed");
  },
  // The answer takes a while: whoever waits for it must get it.
  async waiting() {
    say(await rows());
    say(await codeOf(client.executeUpdate("q")));
  },
};
await cases[name]();
