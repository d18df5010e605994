import { type Data, makeData, RecordBatch, type Schema, Struct, Vector } from "apache-arrow";
import { loadColumns } from "./load.ts";
import { type BatchLayout, type Message, readMessage } from "./message.ts";
import type { WireField, WireSchema } from "./schema.ts";

/** Body compressions of an Arrow stream, by BodyCompression.codec (Message.fbs). */
export type CodecName = "lz4" | "zstd";

/** Inflates one buffer; `size` is the length its writer promised. */
export type Inflate = (bytes: Uint8Array, size: number) => Uint8Array;

/** How a decoder comes by a decompressor: asked once a codec, when the first compressed batch arrives. */
export type LoadCodec = (name: CodecName) => Promise<Inflate>;

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
  readonly #inflaters = new Map<number, Inflate>();
  readonly #dictionaries = new Map<number, Vector>();
  #wire: WireSchema | null = null;

  constructor(loadCodec?: LoadCodec) {
    this.#loadCodec = loadCodec;
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
   * @returns the batch, or null for a schema or a dictionary; a promise while a codec loads
   * @throws RangeError or TypeError naming what is damaged or not supported
   */
  decode(header: Uint8Array, body: Uint8Array): RecordBatch | null | Promise<RecordBatch | null> {
    const message = readMessage(header);
    const codec = message.kind === "schema" ? null : message.layout.codec;
    if (codec === null || this.#inflaters.has(codec)) return this.#take(message, body);
    return this.#load(codec).then(() => this.#take(message, body));
  }

  #take(message: Message, body: Uint8Array): RecordBatch | null {
    if (message.kind === "schema") {
      if (this.#wire !== null) throw new RangeError("the stream has a second schema");
      this.#wire = message.schema;
      return null;
    }
    const wire = this.#wire;
    if (wire === null) throw new RangeError("the stream has data before its schema");
    if (message.kind === "dictionary") {
      this.#takeDictionary(wire, message.id, message.isDelta, message.layout, body);
      return null;
    }
    const { length } = message.layout;
    const children = this.#columns(wire, wire.fields, message.layout, body);
    for (const [i, child] of children.entries()) {
      if (child.length !== length)
        throw new RangeError(`column "${wire.fields[i]?.path}" has ${child.length} rows in a batch of ${length}`);
    }
    const data = makeData({ type: new Struct(wire.schema.fields), length, nullCount: 0, children });
    return new RecordBatch(wire.schema, data, message.metadata);
  }

  #takeDictionary(wire: WireSchema, id: number, isDelta: boolean, layout: BatchLayout, body: Uint8Array): void {
    const field = wire.dictionaries.get(id);
    if (field === undefined) throw new RangeError(`dictionary ${id} belongs to no column`);
    const values: WireField = { ...field, dictionary: null };
    const next = new Vector(this.#columns(wire, [values], layout, body));
    const previous = isDelta ? this.#dictionaries.get(id) : undefined;
    this.#dictionaries.set(id, (previous === undefined ? next : previous.concat(next)).memoize());
  }

  #columns(wire: WireSchema, fields: readonly WireField[], layout: BatchLayout, body: Uint8Array): Data[] {
    // The transport lands bodies on a boundary of 8; a server that orders fields otherwise costs one copy here.
    const aligned = body.byteOffset % 8 === 0 ? body : new Uint8Array(body);
    const inflate = layout.codec === null ? undefined : this.#inflaters.get(layout.codec);
    const inflated = inflate === undefined ? undefined : inflateBuffers(layout, aligned, inflate);
    return loadColumns(fields, { layout, body: aligned, inflated, wire, dictionaries: this.#dictionaries, spend: () => {} });
  }

  async #load(codec: number): Promise<void> {
    const name = codec === 0 ? "lz4" : codec === 1 ? "zstd" : undefined;
    if (name === undefined)
      throw new TypeError(`the batch is compressed with codec ${codec}, which Arrow does not define`);
    if (this.#loadCodec === undefined)
      throw new TypeError(`the batch is compressed with ${name} and no decompressor was given`);
    this.#inflaters.set(codec, await this.#loadCodec(name));
  }
}

// Message.fbs, BodyCompressionMethod.BUFFER: each buffer is [i64 uncompressed length, -1 = stored] [bytes].
function inflateBuffers(layout: BatchLayout, body: Uint8Array, inflate: Inflate): Uint8Array[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return layout.buffers.map(({ offset, length }, i) => {
    if (length === 0) return new Uint8Array(0);
    if (length < 8 || offset + length > body.byteLength)
      throw new RangeError(`compressed buffer ${i} reaches beyond its batch`);
    const size = Number(view.getBigInt64(offset, true));
    const bytes = body.subarray(offset + 8, offset + length);
    if (size === -1) return bytes;
    if (size < 0) throw new RangeError(`compressed buffer ${i} claims ${size} bytes`);
    const out = inflate(bytes, size);
    if (out.byteLength !== size)
      throw new RangeError(`compressed buffer ${i} holds ${out.byteLength} bytes and claims ${size}`);
    return out;
  });
}
