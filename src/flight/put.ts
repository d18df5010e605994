import { create } from "@bufbuild/protobuf";
import type { RecordBatch, Schema } from "apache-arrow";
import { BatchEncoder } from "../arrow/encode.ts";
import { type FlightData, FlightDataSchema, type FlightDescriptor } from "../gen/Flight_pb.ts";

/** A batch to send, with the metadata to send beside it. */
export interface FlightPutChunk {
  /** Null sends the metadata alone. */
  readonly batch: RecordBatch | null;
  readonly appMetadata?: Uint8Array | undefined;
}

/** Batches to send, all there or as they come, with or without metadata beside them. */
export type FlightPutInput = Iterable<RecordBatch | FlightPutChunk> | AsyncIterable<RecordBatch | FlightPutChunk>;

const none = new Uint8Array(0);

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
  const message = (dataHeader: Uint8Array, dataBody: Uint8Array, appMetadata: Uint8Array): FlightData => {
    const data = create(FlightDataSchema, {
      dataHeader,
      dataBody,
      appMetadata,
      ...(flightDescriptor && { flightDescriptor }),
    });
    flightDescriptor = undefined;
    return data;
  };
  let encoder: BatchEncoder | undefined;
  if (schema !== undefined) {
    encoder = new BatchEncoder(schema);
    yield message(encoder.schema().header, none, none);
  }
  for await (const item of input) {
    const { batch, appMetadata = none }: FlightPutChunk = "batch" in item ? item : { batch: item };
    if (batch === null) {
      // Arrow's C++ server takes a first message without a schema for the descriptor alone, and drops what else it has.
      if (flightDescriptor !== undefined) yield message(none, none, none);
      yield message(none, none, appMetadata);
      continue;
    }
    if (encoder === undefined) {
      encoder = new BatchEncoder(batch.schema);
      yield message(encoder.schema().header, none, none);
    }
    const messages = encoder.batch(batch);
    for (const [i, { header, body }] of messages.entries()) {
      // The record batch comes last, behind the dictionaries it needs: the metadata is its own.
      yield message(header, body, i === messages.length - 1 ? appMetadata : none);
    }
  }
  if (flightDescriptor !== undefined) yield message(none, none, none);
}
