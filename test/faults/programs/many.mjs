// node --expose-gc many.mjs URL COUNT: so many queries on one client with one signal, and what they leave behind.

import { getEventListeners } from "node:events";
import { FlightSqlClient } from "flightsql";

const [url, count] = process.argv.slice(2);
const limits = { timeoutMs: 600_000, firstByteTimeoutMs: 600_000, idleTimeoutMs: 600_000 };
const client = new FlightSqlClient({ url, ...limits, token: async () => "t", onEvent: () => {} });
// Of something that lives as long as the process does, as a server's shutdown.
const { signal } = new AbortController();
const options = { signal };

const ways = [
  () => client.query("q", undefined, options).table(),
  () => client.query("q", undefined, options).all(),
  async () => {
    const statement = await client.prepare("q", options);
    await statement.query(undefined, options).all();
    await statement.close();
  },
  () => client.execute("q", options),
  () => client.executeUpdate("q", undefined, options),
  () => client.ingest("t", [{ n: 1 }, { n: 2 }], options),
  () => client.transaction((tx) => tx.executeUpdate("q", undefined, options), options),
  async () => {
    for await (const _ of client.query("q", undefined, options)) break;
  },
  async () => {
    const reader = client.doGet(Uint8Array.of(1), options);
    await reader.readChunk();
    reader.cancel();
  },
  async () => {
    const own = new AbortController();
    const reading = client
      .query("q", undefined, { signal: AbortSignal.any?.([signal, own.signal]) ?? own.signal })
      .table();
    own.abort();
    await reading.catch(() => {});
  },
];

/** Fifty at once, which is more than Node takes for sane on one signal. */
async function run(times) {
  let next = 0;
  const worker = async () => {
    while (next < times) await ways[next++ % ways.length]();
  };
  await Promise.all(Array.from({ length: 50 }, worker));
  // Nothing of it is under way any more: one connection is kept, and what is on its way out is gone.
  await new Promise((resolve) => setTimeout(resolve, 100));
}

async function state() {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo().filter((name) => !/^TCP|^Pipe|^TTY/.test(name));
  const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  return { heapUsed, arrayBuffers, resources, sockets, listeners: getEventListeners(signal, "abort").length };
}

// What is compiled, cached and grown once.
await run(Math.ceil(count / 5));
const before = await state();
await run(Number(count));
console.log(JSON.stringify({ before, after: await state() }));
await client.close();
