import type { RecordBatch, Schema } from "apache-arrow";
import { codecLoader } from "../../src/arrow/codecs.ts";
import { FlightDecoder, type LoadCodec } from "../../src/arrow/decode.ts";
import type { IpcMessage } from "../../src/arrow/encode.ts";
import { readIpcStream } from "../../src/arrow/ipc.ts";
import { batchRows, type RowOptions } from "../../src/arrow/rows.ts";

/** The messages of an Arrow IPC stream. */
export async function messagesOf(stream: Uint8Array): Promise<IpcMessage[]> {
  const chunks = (async function* () {
    yield stream;
  })();
  const messages: IpcMessage[] = [];
  for await (const message of readIpcStream(chunks)) messages.push(message);
  return messages;
}

export async function decodeMessages(
  messages: readonly IpcMessage[],
  loadCodec: LoadCodec = codecLoader(),
): Promise<{ schema: Schema; batches: RecordBatch[] }> {
  const decoder = new FlightDecoder(loadCodec);
  const batches: RecordBatch[] = [];
  for (const { header, body } of messages) {
    const batch = await decoder.decode(header, body);
    if (batch !== null) batches.push(batch);
  }
  if (decoder.schema === null) throw new Error("the stream has no schema");
  return { schema: decoder.schema, batches };
}

/** The rows as arrays, by batch. */
export function rowsOf(batches: readonly RecordBatch[], options: RowOptions = {}): unknown[][][] {
  return batches.map((batch) => [...batchRows<unknown[]>(batch, { ...options, as: "array" })].flat());
}

/** The values of a column, by batch. */
export function valuesOf(batches: readonly RecordBatch[], options: RowOptions = {}, column = 0): unknown[][] {
  return rowsOf(batches, options).map((rows) => rows.map((row) => row[column]));
}
