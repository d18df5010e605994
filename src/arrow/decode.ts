import { type RecordBatch, type Schema, Vector } from "apache-arrow";
import { makeBatch } from "./batch.ts";
import { type LoadInput, loadColumns } from "./load.ts";
import { type BatchLayout, type Message, readMessage } from "./message.ts";
import type { WireField, WireSchema } from "./schema.ts";
import type { Spend } from "./take.ts";

/** Body compressions of an Arrow stream, by BodyCompression.codec (Message.fbs). */
export type CodecName = "lz4" | "zstd";

/** Inflates one buffer; `size` is the length its writer promised. */
export type Inflate = (bytes: Uint8Array, size: number) => Uint8Array;

/** How a decoder comes by a decompressor: asked once a codec, when the first compressed batch arrives. */
export type LoadCodec = (name: CodecName) => Promise<Inflate>;

/** Inflates the buffers of a body. */
type InflateBody = (layout: BatchLayout, body: Uint8Array, spend: Spend) => Uint8Array[] | Promise<Uint8Array[]>;

type DataMessage = Exclude<Message, { readonly kind: "schema" }>;
type Source = Omit<LoadInput, "wire" | "dictionaries">;

/**
 * Turns the messages of one stream into record batches.
 *
 * Batches lie over the bodies they came in: no value is copied, and a batch keeps its message alive. Dictionaries are
 * kept between messages: a delta extends one, a repeated id replaces it, and batches decoded before keep the old one.
 *
 * Arrow IPC: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export class FlightDecoder {
  readonly #loadCodec: LoadCodec | undefined;
  readonly #inflaters = new Map<number, InflateBody>();
  readonly #dictionaries = new Map<number, Vector>();
  readonly #maxBatchBytes: number;
  #wire: WireSchema | null = null;

  /**
   * @param maxBatchBytes the most that one message may grow to, in bytes, when its compressed buffers are inflated and
   * its list views and runs are expanded. Default 2 GiB
   */
  constructor(loadCodec?: LoadCodec, maxBatchBytes: number = 2 ** 31) {
    this.#loadCodec = loadCodec;
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** The stream's schema, from its first message; null before that. */
  get schema(): Schema | null {
    return this.#wire?.schema ?? null;
  }

  /**
   * Takes the next message.
   *
   * @param header `FlightData.data_header`, not empty
   * @param body `FlightData.data_body`; copied only when it does not start on an 8-byte boundary
   * @returns the batch, or null for a schema or a dictionary; a promise while a codec loads or much is
   * inflated, which has to be awaited before the next message
   * @throws RangeError or TypeError naming what is damaged or not supported
   */
  decode(header: Uint8Array, body: Uint8Array): RecordBatch | null | Promise<RecordBatch | null> {
    const message = readMessage(header);
    if (message.kind === "schema") {
      if (this.#wire !== null) throw new RangeError("the stream has a second schema");
      this.#wire = message.schema;
      return null;
    }
    const wire = this.#wire;
    if (wire === null) throw new RangeError("the stream has data before its schema");
    const { layout } = message;
    const inflate = layout.codec === null ? null : this.#inflaters.get(layout.codec);
    if (inflate === undefined)
      return this.#load(layout.codec!).then((loaded) => this.#inflate(wire, message, body, loaded));
    return inflate === null
      ? this.#take(wire, message, { layout, body: aligned(body), inflated: undefined, spend: this.#allowance() })
      : this.#inflate(wire, message, body, inflate);
  }

  #inflate(
    wire: WireSchema,
    message: DataMessage,
    body: Uint8Array,
    inflate: InflateBody,
  ): RecordBatch | null | Promise<RecordBatch | null> {
    const { layout } = message;
    const spend = this.#allowance();
    const take = (inflated: readonly Uint8Array[]): RecordBatch | null =>
      this.#take(wire, message, { layout, body: aligned(body), inflated, spend });
    const inflated = inflate(layout, aligned(body), spend);
    return inflated instanceof Promise ? inflated.then(take) : take(inflated);
  }

  /** What one message may grow to by inflating and expanding it. */
  #allowance(): Spend {
    let left = this.#maxBatchBytes;
    return (bytes) => {
      left -= bytes;
      if (!(left >= 0)) throw new RangeError(`the batch unpacks to more than ${this.#maxBatchBytes} bytes`);
    };
  }

  #take(wire: WireSchema, message: DataMessage, from: Source): RecordBatch | null {
    const input = { ...from, wire, dictionaries: this.#dictionaries };
    if (message.kind === "dictionary") {
      this.#takeDictionary(wire, message.id, message.isDelta, input);
      return null;
    }
    const { length } = message.layout;
    const children = loadColumns(wire.fields, input);
    for (const [i, child] of children.entries()) {
      if (child.length !== length)
        throw new RangeError(`column "${wire.fields[i]?.path}" has ${child.length} rows in a batch of ${length}`);
    }
    return makeBatch(wire.schema, length, children, message.metadata);
  }

  #takeDictionary(wire: WireSchema, id: number, isDelta: boolean, input: LoadInput): void {
    const field = wire.dictionaries.get(id);
    if (field === undefined) throw new RangeError(`dictionary ${id} belongs to no column`);
    const values: WireField = { ...field, dictionary: null };
    const next = new Vector(loadColumns([values], input));
    const previous = isDelta ? this.#dictionaries.get(id) : undefined;
    this.#dictionaries.set(id, (previous === undefined ? next : previous.concat(next)).memoize());
  }

  async #load(codec: number): Promise<InflateBody> {
    const name = codecName(codec);
    if (this.#loadCodec === undefined)
      throw new TypeError(`the batch is compressed with ${name} and no decompressor was given`);
    const [inflate, { inflateBuffers }] = await Promise.all([this.#loadCodec(name), import("./inflate.ts")]);
    const inflateBody: InflateBody = (layout, body, spend) => inflateBuffers(layout, body, inflate, spend);
    this.#inflaters.set(codec, inflateBody);
    return inflateBody;
  }
}

/** The transport lands bodies on a boundary of 8; a server that orders fields otherwise costs one copy here. */
function aligned(body: Uint8Array): Uint8Array {
  return body.byteOffset % 8 === 0 ? body : new Uint8Array(body);
}

/** @throws TypeError for a number that Message.fbs, CompressionType does not have */
export function codecName(codec: number): CodecName {
  if (codec === 0) return "lz4";
  if (codec === 1) return "zstd";
  throw new TypeError(`the batch is compressed with codec ${codec}, which Arrow does not define`);
}
