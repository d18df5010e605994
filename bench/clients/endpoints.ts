// A result of many endpoints, so: endpoints.ts PARALLELISM ORDER. In order as `table()`, by arrival as a stream.

import { serveJobs } from "../harness/client.ts";
import { type Batch, type Client, openClient } from "./ours.ts";

const parallelism = Number(process.argv[2]);
const order = process.argv[3] === "arrival" ? "arrival" : "endpoint";
let client: Client | undefined;

await serveJobs(
  async ({ url, statement }) => {
    client ??= await openClient(url, { endpoints: { parallelism, order } });
    const result = client.query(statement);
    let bytes = 0;
    let batches = 0;
    const firsts: bigint[] = [];
    const look = ({ data }: Batch): void => {
      bytes += data.byteLength;
      batches++;
      firsts.push((data.children[0]!.values as BigInt64Array)[0]!);
    };
    if (order === "endpoint") {
      for (const batch of (await result.table()).batches) look(batch);
      if (firsts.some((id, i) => i > 0 && id <= firsts[i - 1]!)) throw new Error("not in order");
    } else {
      for await (const batch of result) look(batch);
    }
    return { bytes, batches };
  },
  async () => client?.close(),
);
