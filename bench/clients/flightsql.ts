// This package, as built in ../dist.

import { serveJobs } from "../harness/client.ts";
import { type Client, openClient } from "./ours.ts";

let client: Client | undefined;
await serveJobs(
  async ({ url, statement }) => {
    client ??= await openClient(url);
    const table = await client.query(statement).table();
    return { bytes: table.data.reduce((sum, { byteLength }) => sum + byteLength, 0) };
  },
  async () => client?.close(),
);
