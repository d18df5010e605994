// A result as JavaScript objects, so: rows.ts MAKER SHAPE.
//
// Makers: "flightsql"; "hand", a loop written for these columns; "proxies", apache-arrow's rows. All three take their
// batches from this package, so that the making of rows is what differs. "influxdb" is influxdb3-client, wire and all.
// Shapes: "all", one array; "rowBatches", an array a batch; "rows", `for await` over a generator of single rows.

import { serveJobs } from "../harness/client.ts";
import { rowsByHand } from "./hand.ts";
import { type Batch, type Client, openClient, type Result } from "./ours.ts";

const [maker = "", shape = ""] = process.argv.slice(2);

/** What is used of influxdb3-client, which only the benchmark installs: the project's types are checked without it. */
interface InfluxClient {
  query(statement: string, database: string): AsyncIterable<unknown>;
  close(): Promise<void>;
}
const influxPackage: string = "@influxdata/influxdb3-client";

let client: Client | undefined;
let influx: InfluxClient | undefined;

const rowsOf = (batch: Batch): object[] => (maker === "hand" ? rowsByHand(batch) : rowsOfProxies(batch));

/** apache-arrow's rows are proxies: each value is asked for by its name, as an application asks for it. */
function rowsOfProxies(batch: Batch): object[] {
  const names = batch.schema.fields.map(({ name }) => name);
  return Array.from(batch, (row) => {
    const object: Record<string, unknown> = {};
    for (const name of names) object[name] = row[name];
    return object;
  });
}

async function* oneByOne(result: Result): AsyncGenerator<object, void, undefined> {
  for await (const batch of result) yield* rowsOf(batch);
}

async function* batchByBatch(result: Result): AsyncGenerator<object[], void, undefined> {
  for await (const batch of result) yield rowsOf(batch);
}

async function allAtOnce(result: Result): Promise<object[]> {
  const all: object[] = [];
  for await (const rows of batchByBatch(result)) for (const row of rows) all.push(row);
  return all;
}

async function count(url: string, statement: string): Promise<number> {
  let rows = 0;
  if (maker === "influxdb") {
    const { InfluxDBClient } = (await import(influxPackage)) as {
      InfluxDBClient: new (options: object) => InfluxClient;
    };
    influx ??= new InfluxDBClient({ host: url.replace(/^grpc:/, "http:"), token: "none", queryTimeout: 300_000 });
    for await (const _ of influx.query(statement, "bench")) rows++;
    return rows;
  }
  client ??= await openClient(url);
  const result = client.query(statement);
  const own = maker === "flightsql";
  if (shape === "all") return (own ? await result.all() : await allAtOnce(result)).length;
  if (shape === "rowBatches") {
    for await (const batch of own ? result.rowBatches() : batchByBatch(result)) rows += batch.length;
  } else {
    for await (const _ of own ? result.rows() : oneByOne(result)) rows++;
  }
  return rows;
}

await serveJobs(
  async ({ url, statement }) => {
    const rows = await count(url, statement);
    const [batches, each] = /(\d+)x(\d+)/.exec(statement)!.slice(1).map(Number);
    if (rows !== batches! * each!) throw new Error(`${rows} rows of ${statement}`);
    return { bytes: 0, rows };
  },
  async () => {
    await client?.close();
    await influx?.close();
  },
);
