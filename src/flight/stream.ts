import type { RecordBatch, Schema } from "apache-arrow";
import { FlightDecoder, type LoadCodec } from "../arrow/decode.ts";
import { FlightSqlError } from "../errors.ts";
import type { FlightData } from "../gen/Flight_pb.ts";

/** What a message of a data stream turned out to be. */
export type Decoded =
  | { readonly kind: "schema"; readonly schema: Schema }
  | {
      readonly kind: "chunk";
      /** Null for a message that carries metadata alone. */
      readonly batch: RecordBatch | null;
      readonly appMetadata: Uint8Array;
      /** Bytes of the message's header and body. */
      readonly bytes: number;
    };

/** What bounds the memory of a stream. */
export interface StreamLimits {
  readonly loadCodec: LoadCodec | undefined;
  /** Of one message, as sent and as unpacked. */
  readonly maxMessageBytes: number | undefined;
  /** Of all messages of a result. */
  readonly maxResultBytes: number | undefined;
}

/** Counts the bytes of a result; throws `resource_exhausted` when there are more than `maxResultBytes`. */
export function resultMeter(maxResultBytes: number | undefined, where: string): (bytes: number) => void {
  if (maxResultBytes === undefined) return () => {};
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total > maxResultBytes)
      throw new FlightSqlError(
        "resource_exhausted",
        `${where}: the result exceeds maxResultBytes (${maxResultBytes}): ask for less, or read it in a loop without that limit`,
      );
  };
}

/** Bytes of a message as it was sent. */
export function sizeOf({ dataHeader, dataBody, appMetadata }: FlightData): number {
  return dataHeader.byteLength + dataBody.byteLength + appMetadata.byteLength;
}

/**
 * Decodes the messages of one DoGet or DoExchange, each as soon as it is there.
 *
 * @param where names the call in errors
 */
export async function* decodeStream(
  messages: AsyncIterable<FlightData>,
  where: string,
  { loadCodec, maxMessageBytes, maxResultBytes }: StreamLimits,
): AsyncGenerator<Decoded, void, undefined> {
  const decoder = new FlightDecoder(loadCodec, maxMessageBytes);
  const take = resultMeter(maxResultBytes, where);
  let announced = false;
  for await (const message of messages) {
    take(sizeOf(message));
    const { dataHeader, dataBody, appMetadata } = message;
    if (dataHeader.byteLength === 0) {
      // Flight.proto: a message may carry metadata alone. A descriptor echoed without anything is no chunk.
      if (appMetadata.byteLength > 0) yield { kind: "chunk", batch: null, appMetadata, bytes: 0 };
      continue;
    }
    const batch = await decodeMessage(decoder, message, where);
    if (!announced && decoder.schema !== null) {
      announced = true;
      // arrow-go repeats the first batch's metadata on the schema message: it is not a chunk of its own.
      yield { kind: "schema", schema: decoder.schema };
    }
    if (batch !== null) yield { kind: "chunk", batch, appMetadata, bytes: dataHeader.byteLength + dataBody.byteLength };
  }
}

/** Decodes one message; what is wrong with it, as an error of this package. */
export async function decodeMessage(
  decoder: FlightDecoder,
  { dataHeader, dataBody }: FlightData,
  where: string,
): Promise<RecordBatch | null> {
  try {
    const decoded = decoder.decode(dataHeader, dataBody);
    // Awaited only when it has to be: the common case costs no turn of the event loop.
    return decoded instanceof Promise ? await decoded : decoded;
  } catch (cause) {
    throw streamError(cause, where);
  }
}

/** Damage that a RangeError names is the stream's fault; a TypeError says what this client does not do. */
export function streamError(cause: unknown, where: string): FlightSqlError {
  if (cause instanceof FlightSqlError) return cause as FlightSqlError;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (text.startsWith("the batch unpacks to more than")) {
    return new FlightSqlError("resource_exhausted", `${where}: ${text}; maxMessageBytes is the limit`, { cause });
  }
  const code = cause instanceof TypeError && !text.includes("not valid UTF-8") ? "unimplemented" : "data_loss";
  return new FlightSqlError(code, `${where}: ${code === "data_loss" ? "the Arrow stream is damaged: " : ""}${text}`, {
    cause,
  });
}
