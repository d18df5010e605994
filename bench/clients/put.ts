// Sends what the statement's query gave, read once before the clock starts, as a DoPut that the server only counts.

import { serveJobs } from "../harness/client.ts";
import { type Batch, type Client, openClient } from "./ours.ts";

let client: Client | undefined;
let batches: readonly Batch[] | undefined;

await serveJobs(
  async ({ url, statement }) => {
    client ??= await openClient(url);
    const isFirst = batches === undefined; // a warm-up: it pays for the reading
    if (isFirst) batches = (await client.query(statement).table()).batches;
    for await (const _ of client.flight.doPut({ path: ["discard"] }, batches!));
    return { bytes: batches!.reduce((sum, { data }) => sum + data.byteLength, 0) };
  },
  async () => client?.close(),
);
