import { type DescField, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ChunkSink, HttpClient, ResponseBody } from "./http.ts";

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
 * Cuts a response body into envelopes: one allocation a message and, at most, one copy, linear in its size.
 *
 * A message is placed so that it *ends* on a boundary of 8. `FlightData.data_body` has the highest field number, so
 * every writer known puts it last, and its length is a multiple of 8 (Columnar.rst): it then also starts on one,
 * and typed arrays can lie over it without a further copy. Any other message is indifferent to where it starts.
 *
 * Reading begins with the first `next()` and goes on for as long as the consumer keeps up: stopping the body after each
 * message and starting it for the next would cost every message a turn of the event loop and a window update.
 */
export class EnvelopeReader implements ChunkSink {
  readonly #body: ResponseBody;
  readonly #http: Pick<HttpClient, "allocate" | "readAheadBytes">;
  readonly #limit: number;
  readonly #queue: Envelope[] = [];
  #queuedBytes = 0;
  readonly #head = new Uint8Array(5);
  /** Undefined while the head is read. */
  #message: Uint8Array | undefined;
  target: Uint8Array = this.#head;
  #reading = false;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(body: ResponseBody, http: Pick<HttpClient, "allocate" | "readAheadBytes">, limit: number) {
    this.#body = body;
    this.#http = http;
    this.#limit = limit;
  }

  /** The next envelope, or null at the end. A failure is thrown after the envelopes that came before it. */
  async next(): Promise<Envelope | null> {
    for (;;) {
      const envelope = this.#queue.shift();
      if (envelope !== undefined) {
        this.#queuedBytes -= envelope.data.byteLength;
        if (!this.#isBehind) this.#read();
        return envelope;
      }
      if (this.#failure !== undefined) throw this.#failure.reason;
      if (this.#ended) return null;
      this.#read();
      // What had come already is here by now.
      if (this.#queue.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  get #isBehind(): boolean {
    return this.#queuedBytes > this.#http.readAheadBytes;
  }

  #read(): void {
    if (this.#reading || this.#ended || this.#failure !== undefined) return;
    this.#reading = true;
    this.#body.read(this).then(
      (more) => {
        this.#reading = false;
        this.#ended = !more;
        if (this.#ended && (this.#message !== undefined || this.target.byteLength < 5)) {
          this.#failure = {
            reason: new ConnectError(
              "the response ends in the middle of a message: the connection was cut",
              Code.Unavailable,
            ),
          };
        }
        this.#wake?.();
      },
      (reason: unknown) => {
        this.#reading = false;
        this.#failure = { reason };
        this.#wake?.();
      },
    );
  }

  /** False when the reading has failed, or the consumer, who had a turn since the last chunk, is behind. */
  take(chunk: Uint8Array): boolean {
    const isBehind = this.#isBehind;
    if (this.target.byteLength === 0) this.#recover(chunk);
    for (let at = 0; at < chunk.byteLength && this.#failure === undefined; ) {
      const { target } = this;
      const part = chunk.subarray(at, at + target.byteLength);
      const isThere = part.buffer === target.buffer && part.byteOffset === target.byteOffset;
      if (!isThere) target.set(part);
      this.target = target.subarray(part.byteLength);
      at += part.byteLength;
      if (this.target.byteLength === 0) this.#filled();
    }
    return this.#failure === undefined && !isBehind;
  }

  /** The message, whose memory was transferred to be read into and has come back as another buffer. */
  #recover({ buffer, byteOffset }: Uint8Array): void {
    this.#message = new Uint8Array(buffer, buffer.byteLength - this.#length, this.#length);
    this.target = new Uint8Array(buffer, byteOffset);
  }

  get #length(): number {
    return new DataView(this.#head.buffer).getUint32(1);
  }

  /** The head is complete, or the message. */
  #filled(): void {
    if (this.#message === undefined) {
      try {
        this.#message = this.target = this.#start();
      } catch (reason) {
        this.#failure = { reason };
        return;
      }
      if (this.#message.byteLength > 0) return;
    }
    this.#queue.push({ flags: this.#head[0]!, data: this.#message });
    this.#queuedBytes += this.#message.byteLength;
    this.#message = undefined;
    this.target = this.#head;
    this.#wake?.();
  }

  #start(): Uint8Array {
    const length = this.#length;
    if (length > this.#limit) {
      throw new ConnectError(
        `a message of ${length} bytes exceeds maxMessageBytes (${this.#limit})`,
        Code.ResourceExhausted,
      );
    }
    const padding = -length & 7;
    try {
      return new Uint8Array(this.#http.allocate(padding + length), padding, length);
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

/** From here on a bytes field is sent as chunks of its own: below, one more small copy is cheaper than one more write. */
const ownChunkBytes = 4096;

// Parts of this size on average are sent from where they lie; of smaller ones the joined copy is cheaper.
const ownPartBytes = 16 * 1024;

const partsOf = new WeakMap<Message, readonly Uint8Array[]>();

/**
 * Gives a message its last bytes field in parts, which our transport sends as they lie when they are large. To anyone
 * else the field is whole: it is put together when it is read.
 *
 * @param whole the same bytes in one piece
 */
export function setParts<T extends Message>(
  message: T,
  field: keyof T & string,
  parts: readonly Uint8Array[],
  whole: () => Uint8Array,
): void {
  const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (bytes < ownPartBytes * parts.length || parts.length === 0) {
    Object.assign(message, { [field]: whole() });
    return;
  }
  partsOf.set(message, parts);
  Object.defineProperty(message, field, { get: whole, enumerable: true, configurable: true });
}

/**
 * An enveloped message in chunks: `[flags, length, fields] [the last bytes field]`.
 *
 * The bytes field with the highest number (for FlightData its body) is not copied but sent as it is.
 */
export function encodeEnvelope<T extends DescMessage>(desc: T, message: Message): Uint8Array[] {
  const field = lastBytesField(desc);
  const body = field && bodyParts(message, field.localName);
  if (field === undefined || body === undefined) {
    const bytes = toBinary(desc, message as never);
    return [withHead(bytes, new Uint8Array(0), bytes.byteLength)];
  }
  const bodyBytes = body.reduce((sum, part) => sum + part.byteLength, 0);
  const rest = toBinary(desc, without(message, field.localName) as never);
  const tag = new BinaryWriter().tag(field.number, WireType.LengthDelimited).uint32(bodyBytes).finish();
  return [withHead(rest, tag, rest.byteLength + tag.byteLength + bodyBytes), ...body];
}

/** The message with that bytes field empty; the field itself is not read, which may be what puts it together. */
function without(message: Message, field: string): Message {
  const empty = { value: new Uint8Array(0), enumerable: true };
  return Object.create(Object.getPrototypeOf(message) as object, {
    ...Object.getOwnPropertyDescriptors(message),
    [field]: empty,
  }) as Message;
}

/** Undefined when the field is small, and better part of the rest. */
function bodyParts(message: Message, field: string): readonly Uint8Array[] | undefined {
  const parts = partsOf.get(message);
  if (parts !== undefined) return parts;
  const value = (message as unknown as Record<string, unknown>)[field];
  return value instanceof Uint8Array && value.byteLength >= ownChunkBytes ? [value] : undefined;
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
