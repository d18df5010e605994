// Queries of one row, so many at a time: by this package ("flightsql"), or as two bare HTTP/2 calls ("raw").

import type { ClientHttp2Session } from "node:http2";
import { keepAll, serveJobs } from "../harness/client.ts";
import { type Client, openClient } from "./ours.ts";
import { callTwice, openSession } from "./wire.ts";

const [who, atOnce] = [process.argv[2], Number(process.argv[3])];
const queries = 512;

let client: Client | undefined;
let session: ClientHttp2Session | undefined;

async function ask(url: string, statement: string): Promise<number> {
  if (who === "raw") {
    session ??= openSession(url);
    return (await callTwice(session, statement)).length;
  }
  client ??= await openClient(url);
  return (await client.query(statement).table()).numRows;
}

await serveJobs(
  async ({ url, statement }) => {
    let bytes = (await ask(url, statement)) * 0; // connected before the clock of the first query starts
    const times: number[] = [];
    const lane = async (): Promise<void> => {
      for (let i = 0; i < queries / atOnce; i++) {
        const started = performance.now();
        bytes += await ask(url, statement);
        times.push(performance.now() - started);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    times.sort((a, b) => a - b);
    return { bytes, p50: times[times.length >> 1]!, p99: times[Math.floor(times.length * 0.99)]! };
  },
  async () => {
    session?.close();
    await client?.close();
  },
  keepAll,
);
