import { Message, type RecordBatch, RecordBatchWriter, type Schema } from "apache-arrow";

/** One message as `FlightData` carries it: a bare FlatBuffers `Message`, and the body it describes. */
export interface IpcMessage {
  readonly header: Uint8Array;
  /** Empty for a schema; otherwise a multiple of 8 bytes long. */
  readonly body: Uint8Array;
}

/**
 * Turns record batches of one schema into the messages of a stream.
 *
 * Dictionaries are written before the first batch that needs them, and as a delta or a replacement when they change.
 */
export class BatchEncoder {
  readonly #writer = new MessageWriter();

  constructor(schema: Schema) {
    this.#writer.reset(undefined, schema);
  }

  /** The schema message; to be sent first. */
  schema(): IpcMessage {
    return this.#writer.schemaMessage();
  }

  /** The messages of a batch: dictionary batches where needed, then the record batch. */
  batch(batch: RecordBatch): IpcMessage[] {
    this.#writer.write(batch);
    return this.#writer.take();
  }
}

/** apache-arrow's stream writer, whose three hooks hand out messages instead of joining them to one byte stream. */
class MessageWriter extends RecordBatchWriter {
  #out: { header: Uint8Array; length: number; parts: Uint8Array[] }[] = [];
  #schema: IpcMessage | undefined;

  schemaMessage(): IpcMessage {
    this.#schema ??= this.take()[0]!;
    return this.#schema;
  }

  take(): IpcMessage[] {
    const out = this.#out;
    this.#out = [];
    return out.map(({ header, length, parts }) => ({ header, body: gather(parts, length) }));
  }

  protected override _writeMessage(message: Message): this {
    this.#out.push({ header: Message.encode(message), length: message.bodyLength, parts: [] });
    return this;
  }

  protected override _writeBodyBuffers(buffers: ArrayBufferView[]): this {
    this.#out.at(-1)!.parts = buffers.map((b) => new Uint8Array(b.buffer, b.byteOffset, b.byteLength));
    return this;
  }

  // Flight ends a stream by ending the call.
  protected override _writeFooter(): this {
    return this;
  }
}

/** Buffers one behind the other, each on a boundary of 8. */
function gather(parts: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += (part.byteLength + 7) & ~7;
  }
  return body;
}
