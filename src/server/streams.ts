import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Schema } from "apache-arrow";
import { FlightDecoder } from "../arrow/decode.ts";
import { BatchEncoder, type EncodedMessage } from "../arrow/encode.ts";
import { type FlightData, FlightDataSchema } from "../gen/Flight_pb.ts";
import { setParts } from "../transport/envelope.ts";
import type { Chunk, Command, Result, Upload } from "./backend.ts";
import { readDescriptor } from "./messages.ts";

const nothing = new Uint8Array(0);

/** A result as the messages of its stream: the schema at once, then each batch when it is asked for. */
export async function* encodeResult(result: Result): AsyncGenerator<FlightData, void, undefined> {
  const encoder = result.schema && new BatchEncoder(result.schema);
  if (encoder) yield flightData(encoder.schema());
  for await (const { batch, appMetadata = nothing } of result.chunks) {
    if (batch === null) {
      yield create(FlightDataSchema, { appMetadata });
      continue;
    }
    if (!encoder) throw new ConnectError("A result with batches needs a schema.", Code.Internal);
    const messages = encoder.batch(batch);
    // Dictionaries go first; the metadata belongs to the batch.
    for (const [i, message] of messages.entries()) {
      yield flightData(message, i === messages.length - 1 ? appMetadata : nothing);
    }
  }
}

function flightData(encoded: EncodedMessage, appMetadata: Uint8Array = nothing): FlightData {
  const data = create(FlightDataSchema, { dataHeader: encoded.header, appMetadata });
  setParts(data, "dataBody", encoded.parts, () => encoded.body);
  return data;
}

/** Reads the first message of an upload, which carries the descriptor, and gives the rest to be read as it comes. */
export async function openUpload(messages: AsyncIterable<FlightData>): Promise<{ command: Command; upload: Upload }> {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) throw new ConnectError("The stream ended before its first message.", Code.InvalidArgument);
  return { command: readDescriptor(first.value.flightDescriptor), upload: new Incoming(iterator, first.value) };
}

class Incoming implements Upload {
  readonly #messages: AsyncIterator<FlightData>;
  readonly #decoder = new FlightDecoder();
  #first: FlightData | undefined;
  /** A chunk that was met while looking for the schema. */
  #held: Chunk | null | undefined;

  constructor(messages: AsyncIterator<FlightData>, first: FlightData) {
    this.#messages = messages;
    this.#first = first;
  }

  async schema(): Promise<Schema | null> {
    while (this.#decoder.schema === null && this.#held === undefined) this.#held = await this.#step();
    return this.#decoder.schema;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
    for (;;) {
      const chunk = this.#held !== undefined ? this.#held : await this.#step();
      this.#held = undefined;
      if (chunk === null) return;
      if (chunk) yield chunk;
    }
  }

  /** Takes one message: a chunk, undefined when it is a schema or a dictionary, null at the end. */
  async #step(): Promise<Chunk | null | undefined> {
    const message = this.#first ?? (await this.#next());
    this.#first = undefined;
    if (message === null) return null;
    const { dataHeader, dataBody, appMetadata } = message;
    const metadata = appMetadata.byteLength > 0 ? { appMetadata } : undefined;
    if (dataHeader.byteLength === 0) return metadata && { batch: null, ...metadata };
    const batch = await this.#decode(dataHeader, dataBody);
    // Metadata on a schema message is a copy of the first batch's, by what arrow-go sends.
    return batch ? { batch, ...metadata } : undefined;
  }

  async #decode(header: Uint8Array, body: Uint8Array): Promise<Chunk["batch"]> {
    try {
      return await this.#decoder.decode(header, body);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new ConnectError(
        `The uploaded Arrow data cannot be read: ${text}`,
        Code.InvalidArgument,
        undefined,
        undefined,
        cause,
      );
    }
  }

  async #next(): Promise<FlightData | null> {
    const { done, value } = await this.#messages.next();
    return done ? null : value;
  }
}
