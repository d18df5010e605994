// Streams a result without keeping it; "slow" waits 20 ms after each batch. Counts what the process held beyond its idle.

import { serveJobs } from "../harness/client.ts";
import { type Client, openClient } from "./ours.ts";

const slow = process.argv[2] === "slow";
let client: Client | undefined;

await serveJobs(
  async ({ url, statement }) => {
    client ??= await openClient(url);
    const idle = process.memoryUsage.rss();
    let peak = idle;
    let bytes = 0;
    let first: number | undefined;
    const started = performance.now();
    for await (const { data } of client.query(statement)) {
      first ??= performance.now() - started;
      bytes += data.byteLength;
      if (slow) await new Promise((resolve) => setTimeout(resolve, 20));
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    return { bytes, beyondIdle: (peak - idle) / 1e6, firstBatchMs: first ?? 0 };
  },
  async () => client?.close(),
);
