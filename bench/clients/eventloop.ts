// How long the event loop is held while a result comes in: by this package's "table" or "all", by the hand-written
// "reader", which decodes nothing, or "idle", for as long as 280 MB take, which is what the machine itself does to a timer.

import type { ClientHttp2Session } from "node:http2";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { serveJobs } from "../harness/client.ts";
import { type Client, openClient } from "./ours.ts";
import { openSession, readMessages } from "./wire.ts";

const who = process.argv[2];
let client: Client | undefined;
let session: ClientHttp2Session | undefined;

async function work(url: string, statement: string): Promise<unknown> {
  if (who === "idle") return await new Promise((resolve) => setTimeout(resolve, 300));
  if (who === "reader") {
    session ??= openSession(url);
    return await readMessages(session, statement);
  }
  client ??= await openClient(url);
  const result = client.query(statement);
  return who === "all" ? await result.all() : await result.table();
}

await serveJobs(
  async ({ url, statement }) => {
    // Milliseconds between two ticks of a timer that is due each one; what is beyond one is delay.
    const delay = monitorEventLoopDelay({ resolution: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    delay.enable();
    await new Promise((resolve) => setTimeout(resolve, 5));
    delay.reset();
    await work(url, statement);
    await new Promise((resolve) => setTimeout(resolve, 5)); // so that a block at the very end is seen
    delay.disable();
    return { bytes: 0, longestMs: delay.max / 1e6, p99Ms: delay.percentile(99) / 1e6 };
  },
  async () => {
    await client?.close();
    session?.close();
  },
);
