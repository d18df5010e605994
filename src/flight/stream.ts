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

/**
 * Decodes the messages of one DoGet or DoExchange, each as soon as it is there.
 *
 * @param where names the call in errors
 */
export async function* decodeStream(
  messages: AsyncIterable<FlightData>,
  where: string,
  loadCodec: LoadCodec | undefined,
): AsyncGenerator<Decoded, void, undefined> {
  const decoder = new FlightDecoder(loadCodec);
  let announced = false;
  for await (const message of messages) {
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
  const code = cause instanceof TypeError && !text.includes("not valid UTF-8") ? "unimplemented" : "data_loss";
  return new FlightSqlError(code, `${where}: ${code === "data_loss" ? "the Arrow stream is damaged: " : ""}${text}`, {
    cause,
  });
}
