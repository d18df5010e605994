import { create } from "@bufbuild/protobuf";
import type { RecordBatch, Schema } from "apache-arrow";
import type { BatchEncoder, EncodedMessage } from "../arrow/encode.ts";
import { type FlightData, FlightDataSchema, type FlightDescriptor } from "../gen/Flight_pb.ts";
import { setParts } from "../transport/envelope.ts";
import { Turns } from "./turn.ts";

/** A batch to send, with the metadata to send beside it. */
export interface FlightPutChunk {
  /** Null sends the metadata alone. */
  readonly batch: RecordBatch | null;
  readonly appMetadata?: Uint8Array | undefined;
}

/** Batches to send, all there or as they come, with or without metadata beside them. */
export type FlightPutInput = Iterable<RecordBatch | FlightPutChunk> | AsyncIterable<RecordBatch | FlightPutChunk>;

const none = new Uint8Array(0);

// An input that waits for nothing would let no signal and no deadline through; a turn more often would cost uploads time.
const sliceMs = 50;

/**
 * The messages of an upload: the descriptor on the first of them, the schema before the first batch.
 *
 * @param schema sent even when no batch follows: servers that build a reader at once wait for one. Default: the first batch's
 */
export async function* encodeStream(
  descriptor: FlightDescriptor,
  input: FlightPutInput,
  schema?: Schema,
): AsyncGenerator<FlightData, void, undefined> {
  let flightDescriptor: FlightDescriptor | undefined = descriptor;
  const message = (appMetadata: Uint8Array, encoded?: EncodedMessage): FlightData => {
    const data = create(FlightDataSchema, { appMetadata, ...(flightDescriptor && { flightDescriptor }) });
    flightDescriptor = undefined;
    if (encoded === undefined) return data;
    data.dataHeader = encoded.header;
    setParts(data, "dataBody", encoded.parts, () => encoded.body);
    return data;
  };
  // Not what a page loads only to read.
  const { BatchEncoder: Encoder } = await import("../arrow/encode.ts");
  let encoder: BatchEncoder | undefined;
  if (schema !== undefined) {
    encoder = new Encoder(schema);
    yield message(none, encoder.schema());
  }
  const turns = new Turns(sliceMs);
  for await (const item of input) {
    const due = turns.next();
    if (due !== undefined) await due;
    const { batch, appMetadata = none }: FlightPutChunk = "batch" in item ? item : { batch: item };
    if (batch === null) {
      // Arrow's C++ server takes a first message without a schema for the descriptor alone, and drops what else it has.
      if (flightDescriptor !== undefined) yield message(none);
      yield message(appMetadata);
      continue;
    }
    if (encoder === undefined) {
      encoder = new Encoder(batch.schema);
      yield message(none, encoder.schema());
    }
    const messages = encoder.batch(batch);
    for (const [i, encoded] of messages.entries()) {
      // The record batch comes last, behind the dictionaries it needs: the metadata is its own.
      yield message(i === messages.length - 1 ? appMetadata : none, encoded);
    }
  }
  if (flightDescriptor !== undefined) yield message(none);
}
