import { type Data, Message, RecordBatch, RecordBatchWriter, type Schema, Vector } from "apache-arrow";
import { toRecordBatches, toSchema } from "./adopt.ts";
import { compact, countNulls } from "./compact.ts";
import { conform, withColumns } from "./conform.ts";
import { encapsulate } from "./encapsulated.ts";

/** One message as `FlightData` carries it: a bare FlatBuffers `Message`, and the body it describes. */
export interface IpcMessage {
  readonly header: Uint8Array;
  /** Empty for a schema; otherwise a multiple of 8 bytes long. */
  readonly body: Uint8Array;
}

/** A message whose body still lies in the columns' own memory, and is put together only for those who ask for it whole. */
export class EncodedMessage implements IpcMessage {
  readonly header: Uint8Array;
  /** The body in pieces, padding included. */
  readonly parts: readonly Uint8Array[];
  #body: Uint8Array | undefined;

  constructor(header: Uint8Array, parts: readonly Uint8Array[]) {
    this.header = header;
    this.parts = parts;
  }

  get body(): Uint8Array {
    this.#body ??= this.parts.length === 1 ? this.parts[0]! : join(this.parts);
    return this.#body;
  }
}

/**
 * Turns record batches of one schema into the messages of a stream.
 *
 * Dictionaries are written before the first batch that needs them, and as a delta or a replacement when they change.
 */
export class BatchEncoder {
  readonly #writer = new MessageWriter();
  readonly #schema: Schema;
  readonly #message: EncodedMessage;

  /** @param schema of any copy of apache-arrow, as are the batches */
  constructor(schema: Schema) {
    this.#schema = toSchema(schema);
    this.#writer.reset(undefined, this.#schema);
    this.#message = this.#writer.take()[0]!;
  }

  /** The schema message; to be sent first. */
  schema(): EncodedMessage {
    return this.#message;
  }

  /**
   * The messages of a batch: dictionary batches where needed, then the record batch.
   *
   * @throws FlightSqlError `invalid_argument` when the batch has other columns than the stream
   */
  batch(batch: RecordBatch): EncodedMessage[] {
    const [ours] = toRecordBatches(batch) ?? [];
    if (ours === undefined) throw new TypeError("what is to be written is no record batch");
    return this.#writer.batchMessages(plain(conform(ours, this.#schema)));
  }
}

/** A schema as an encapsulated message, which `readSchema` reads: marker, length and message, no end of stream. */
export function writeSchema(schema: Schema): Uint8Array<ArrayBuffer> {
  return encapsulate(new BatchEncoder(schema).schema().header);
}

/** apache-arrow's reader gives a stream without batches one of a class of its own, which its writer passes over. */
function plain(batch: RecordBatch): RecordBatch {
  return batch.constructor === RecordBatch ? batch : withColumns(batch, batch.data.children);
}

/** apache-arrow's stream writer, whose three hooks hand out messages instead of joining them to one byte stream. */
class MessageWriter extends RecordBatchWriter {
  #out: { header: Uint8Array; parts: Uint8Array[] }[] = [];

  batchMessages(batch: RecordBatch): EncodedMessage[] {
    for (const [id, dictionary] of batch.dictionaries) {
      // apache-arrow takes a dictionary that begins with the same chunk for the one before or an extension of it.
      const seen = this._seenDictionaries.get(id);
      if (seen?.data.some((chunk, i) => dictionary.data[i] !== undefined && dictionary.data[i] !== chunk)) {
        this._seenDictionaries.delete(id);
        this._dictionaryDeltaOffsets.delete(id);
      }
    }
    this.write(batch);
    const messages = this.take();
    // Its writer closes without a word when it takes a schema for another one: rows are never dropped.
    if (messages.length === 0) throw new TypeError(`apache-arrow's writer did not take a batch of ${batch.schema}`);
    return messages;
  }

  protected override _assembleRecordBatch(
    batch: RecordBatch | Vector,
  ): ReturnType<RecordBatchWriter["_assembleRecordBatch"]> {
    const columns: Data[] = batch instanceof Vector ? [...batch.data] : batch.data.children;
    const compacted = columns.map(compact);
    const assembled = super._assembleRecordBatch(
      batch instanceof Vector ? new Vector(compacted) : withColumns(batch, compacted),
    );
    countNulls(columns, assembled.nodes);
    return assembled;
  }

  take(): EncodedMessage[] {
    const out = this.#out;
    this.#out = [];
    return out.map(({ header, parts }) => new EncodedMessage(header, parts));
  }

  protected override _writeMessage(message: Message): this {
    this.#out.push({ header: Message.encode(message), parts: [] });
    return this;
  }

  protected override _writeBodyBuffers(buffers: ArrayBufferView[]): this {
    const { parts } = this.#out.at(-1)!;
    for (const { buffer, byteOffset, byteLength } of buffers) {
      if (byteLength > 0) parts.push(new Uint8Array(buffer, byteOffset, byteLength));
      // Each on a boundary of 8.
      if (byteLength % 8 !== 0) parts.push(zeros.subarray(byteLength % 8));
    }
    return this;
  }

  // Flight ends a stream by ending the call.
  protected override _writeFooter(): this {
    return this;
  }
}

const zeros = new Uint8Array(8);

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
