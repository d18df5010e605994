import { type DescField, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HttpClient, ResponseBody } from "./http.ts";

/** A message or, in gRPC-Web, the trailers: `[u8 flags] [u32 big-endian length] [bytes]`. */
export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array;
}

/** gRPC: the message is compressed, which we never ask for. */
export const compressedFlag = 0x01;
/** gRPC-Web: the bytes are trailers. */
export const trailerFlag = 0x80;

/**
 * Cuts a response body into envelopes: one allocation and one copy a message, linear in its size.
 *
 * A message is placed so that it *ends* on a boundary of 8. `FlightData.data_body` has the highest field number, so
 * every writer known puts it last, and its length is a multiple of 8 (Columnar.rst): it then also starts on one,
 * and typed arrays can lie over it without a further copy. Any other message is indifferent to where it starts.
 */
export class EnvelopeReader {
  readonly #body: ResponseBody;
  readonly #allocate: HttpClient["allocate"];
  readonly #limit: number;
  readonly #queue: Envelope[] = [];
  readonly #head = new Uint8Array(5);
  #headFilled = 0;
  #message: Uint8Array | undefined;
  #filled = 0;
  #ended = false;

  constructor(body: ResponseBody, allocate: HttpClient["allocate"], limit: number) {
    this.#body = body;
    this.#allocate = allocate;
    this.#limit = limit;
  }

  /** The next envelope, or null at the end. */
  async next(): Promise<Envelope | null> {
    for (;;) {
      const envelope = this.#queue.shift();
      if (envelope !== undefined) return envelope;
      if (this.#ended) return null;
      this.#ended = !(await this.#body.read(this.#take));
      if (this.#ended && this.#headFilled > 0) {
        throw new ConnectError(
          "the response ends in the middle of a message: the connection was cut",
          Code.Unavailable,
        );
      }
    }
  }

  /** Takes a chunk; false once a message is complete, so that nothing is read that nobody asked for. */
  readonly #take = (chunk: Uint8Array): boolean => {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#message === undefined) {
        const part = chunk.subarray(at, at + 5 - this.#headFilled);
        this.#head.set(part, this.#headFilled);
        this.#headFilled += part.byteLength;
        at += part.byteLength;
        if (this.#headFilled < 5) break;
        this.#message = this.#start();
        this.#filled = 0;
      } else {
        const part = chunk.subarray(at, at + this.#message.byteLength - this.#filled);
        this.#message.set(part, this.#filled);
        this.#filled += part.byteLength;
        at += part.byteLength;
      }
      if (this.#filled === this.#message.byteLength) {
        this.#queue.push({ flags: this.#head[0]!, data: this.#message });
        this.#message = undefined;
        this.#headFilled = 0;
      }
    }
    return this.#queue.length === 0;
  };

  #start(): Uint8Array {
    const length = new DataView(this.#head.buffer).getUint32(1);
    if (length > this.#limit) {
      throw new ConnectError(
        `a message of ${length} bytes exceeds maxMessageBytes (${this.#limit})`,
        Code.ResourceExhausted,
      );
    }
    const padding = -length & 7;
    try {
      return new Uint8Array(this.#allocate(padding + length), padding, length);
    } catch (cause) {
      throw new ConnectError(
        `no memory for a message of ${length} bytes`,
        Code.ResourceExhausted,
        undefined,
        undefined,
        cause,
      );
    }
  }
}

/** From here on a bytes field is sent as a chunk of its own: below, one more small copy is cheaper than one more write. */
const ownChunkBytes = 4096;

/**
 * An enveloped message in chunks: `[flags, length, fields] [the last bytes field]`.
 *
 * The bytes field with the highest number (for FlightData its body) is not copied but sent as it is.
 */
export function encodeEnvelope<T extends DescMessage>(desc: T, message: Message): Uint8Array[] {
  const field = lastBytesField(desc);
  const value = field === undefined ? undefined : (message as unknown as Record<string, unknown>)[field.localName];
  if (field === undefined || !(value instanceof Uint8Array) || value.byteLength < ownChunkBytes) {
    const bytes = toBinary(desc, message as never);
    return [withHead(bytes, new Uint8Array(0), bytes.byteLength)];
  }
  const rest = toBinary(desc, { ...message, [field.localName]: new Uint8Array(0) } as never);
  const tag = new BinaryWriter().tag(field.number, WireType.LengthDelimited).uint32(value.byteLength).finish();
  return [withHead(rest, tag, rest.byteLength + tag.byteLength + value.byteLength), value];
}

function withHead(fields: Uint8Array, tag: Uint8Array, length: number): Uint8Array {
  if (length > 0xffffffff)
    throw new ConnectError(`a message of ${length} bytes does not fit gRPC's 32-bit length`, Code.ResourceExhausted);
  const out = new Uint8Array(5 + fields.byteLength + tag.byteLength);
  new DataView(out.buffer).setUint32(1, length);
  out.set(fields, 5);
  out.set(tag, 5 + fields.byteLength);
  return out;
}

const lastBytesFields = new WeakMap<DescMessage, DescField | null>();

function lastBytesField(desc: DescMessage): DescField | undefined {
  let field = lastBytesFields.get(desc);
  if (field === undefined) {
    const last = desc.fields.reduce<DescField | undefined>(
      (a, b) => (a === undefined || b.number > a.number ? b : a),
      undefined,
    );
    // Scalar type 12 is bytes (descriptor.proto); only plain proto3 fields, whose empty value is simply not written.
    field = last?.fieldKind === "scalar" && last.scalar === 12 && last.oneof === undefined ? last : null;
    lastBytesFields.set(desc, field);
  }
  return field ?? undefined;
}
