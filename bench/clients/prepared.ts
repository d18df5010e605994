// A prepared statement bound and run a thousand times, one after the other: by this package ("flightsql"), or as the bare
// HTTP/2 calls that this comes down to ("raw").

import type { ClientHttp2Session } from "node:http2";
import { keepAll, serveJobs } from "../harness/client.ts";
import { type Client, openClient } from "./ours.ts";
import { prepareRaw } from "./statement.ts";
import { openSession } from "./wire.ts";

const times = 1000;
let bind: ((parameter: number) => Promise<number>) | undefined;
let client: Client | undefined;
let session: ClientHttp2Session | undefined;

/** Answers how to bind and run: the result's rows by this package, its messages by the bare calls. */
async function prepare(url: string, sql: string): Promise<(parameter: number) => Promise<number>> {
  if (process.argv[2] === "raw") {
    session = openSession(url);
    const to = session;
    const statement = await prepareRaw(to, sql);
    // The schema, then one batch of one row.
    return async (parameter) => (await statement.run(to, parameter)).length - 1;
  }
  client = await openClient(url);
  const statement = await client.prepare(sql);
  return async (parameter) => (await statement.query([parameter]).table()).numRows;
}

await serveJobs(
  async ({ url, statement }) => {
    bind ??= await prepare(url, statement);
    for (let i = 0; i < times; i++) {
      const found = await bind(1 + (i % 4));
      if (found !== 1) throw new Error(`${found} rows instead of one`);
    }
    return { bytes: 0 };
  },
  async () => {
    await client?.close();
    session?.close();
  },
  keepAll,
);
