import { type RecordBatch, RecordBatchReader, type Schema } from "apache-arrow";
import type { FlightEndpoint, FlightPutChunk, FlightSqlClient } from "flightsql";
import { check, collect, equal, fails, failure, text, utf8 } from "./assert.ts";
import { sameBatch, sameSchema } from "./compare.ts";
import { Queue } from "./queue.ts";
import type { Scenario, Subject } from "./scenario.ts";

/** Arrow's integration JSON: the parsed file. */
export interface IntegrationJson {
  schema: object;
  batches?: object[];
  dictionaries?: object[];
}

/**
 * The default mode of Arrow's integration client: a file's batches are uploaded, each acknowledged before the next,
 * and read back from wherever the FlightInfo says.
 *
 * The comparison is that of Arrow's C++ client: values, nulls, the schema with its metadata, each batch's app_metadata,
 * and how many batches there are. (Its Go client compares too, but drops what comes of it.)
 */
export function ipcFile(path: string, json: IntegrationJson): Scenario {
  return {
    name: `file ${path}`,
    async run(subject) {
      const reader = RecordBatchReader.from(json).open();
      const { schema } = reader;
      // apache-arrow makes one up where there is none.
      const batches = json.batches?.length ? [...reader] : [];
      const client = subject.connect();
      await upload(subject, client, path, schema, batches);

      const info = await client.flight.getFlightInfo({ path: [path] });
      check(info.schema !== null, "the FlightInfo has no schema");
      sameSchema(info.schema, schema, "GetFlightInfo");
      check(info.endpoints.length > 0, "the FlightInfo has no endpoints");
      equal(info.totalRecords, BigInt(batches.reduce((sum, { numRows }) => sum + numRows, 0)), "total_records");
      for (const endpoint of info.endpoints) {
        for (const one of eachLocation(endpoint)) await readBack(client, one, schema, batches);
      }

      // Ours.
      await fails(client.flight.getFlightInfo({ path: ["no such file"] }), "not_found", "GetFlightInfo of nothing");
      await failure(client.flight.getFlightInfo({ cmd: utf8(path) }), "GetFlightInfo of a command");
    },
  };
}

async function upload(
  { duplex, proves }: Subject,
  client: FlightSqlClient,
  path: string,
  schema: Schema,
  batches: readonly RecordBatch[],
): Promise<void> {
  const chunks: FlightPutChunk[] = batches.map((batch, i) => ({ batch, appMetadata: utf8(String(i)) }));
  if (!duplex) {
    // Over fetch nothing can be waited for in between; the acknowledgements and their order are the same.
    const acks = await collect(client.flight.doPut({ path: [path] }, chunks, { schema }));
    equal(acks.map(text), [...chunks.keys()].map(String), "the acknowledgements");
    return;
  }
  const acks = new Queue<string>();
  async function* input(): AsyncGenerator<FlightPutChunk, void, undefined> {
    for (const [i, chunk] of chunks.entries()) {
      yield chunk;
      equal(await acks.next(), String(i), `the acknowledgement of batch ${i}`);
    }
  }
  let count = 0;
  for await (const ack of client.flight.doPut({ path: [path] }, input(), { schema })) {
    count++;
    acks.push(text(ack));
  }
  equal(count, chunks.length, "acknowledgements");
  proves("DoPut");
}

/** The endpoint as it would be with but one of its locations: every one must have the data. */
function eachLocation(endpoint: FlightEndpoint): FlightEndpoint[] {
  return endpoint.locations.length === 0
    ? [endpoint]
    : endpoint.locations.map((location) => ({ ...endpoint, locations: [location] }));
}

async function readBack(
  client: FlightSqlClient,
  endpoint: FlightEndpoint,
  schema: Schema,
  batches: readonly RecordBatch[],
): Promise<void> {
  const reader = client.doGet(endpoint);
  sameSchema(await reader.schema(), schema, "DoGet");
  let count = 0;
  for await (const { batch, appMetadata } of reader) {
    check(batch !== null, `message ${count} has no batch`);
    check(count < batches.length, `there are more than ${batches.length} batches`);
    sameBatch(batch, batches[count]!, `batch ${count}`);
    equal(text(appMetadata), String(count), `app_metadata of batch ${count}`);
    count++;
  }
  equal(count, batches.length, "batches");
}
