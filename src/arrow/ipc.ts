import { encapsulate } from "./encapsulated.ts";
import type { IpcMessage } from "./encode.ts";
import { bodyLength, messageKind, readMessage } from "./message.ts";

const endMarker = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/**
 * Joins messages of one or more streams of the same schema to one Arrow IPC stream: one schema, one end marker, bodies
 * as they came.
 *
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export class IpcStreamWriter {
  #header: Uint8Array | null = null;

  /**
   * The parts of a message; none for the schemas of later streams.
   *
   * @throws RangeError when a later stream has another schema, or a body is shorter than its message says: either would
   * shift everything behind it
   */
  message({ header, body }: IpcMessage): Uint8Array[] {
    if (messageKind(header) === "schema") {
      if (this.#header !== null) {
        requireSameSchema(this.#header, header);
        return [];
      }
      this.#header = header;
    }
    const length = bodyLength(header);
    if (body.byteLength < length) throw new RangeError(`a body of ${body.byteLength} bytes should have ${length}`);
    return length === 0 ? [encapsulate(header)] : [encapsulate(header), body.subarray(0, length)];
  }

  end(): Uint8Array {
    return endMarker;
  }
}

function requireSameSchema(first: Uint8Array, later: Uint8Array): void {
  if (first.byteLength === later.byteLength && first.every((byte, i) => byte === later[i])) return;
  const describe = (header: Uint8Array): string => {
    const message = readMessage(header);
    return message.kind === "schema" ? String(message.schema.schema) : "";
  };
  const [ours, theirs] = [describe(first), describe(later)];
  if (ours !== theirs) throw new RangeError(`streams of one result have different schemas: ${ours} and ${theirs}`);
}

/**
 * Cuts an Arrow IPC stream into its messages, each with a body on a boundary of 8.
 *
 * @throws RangeError when the stream ends within a message
 */
export async function* readIpcStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<IpcMessage, void, undefined> {
  const input = new ByteInput(chunks);
  try {
    for (;;) {
      const word = await input.take(4, true);
      if (word === null) return;
      let length = uint32(word);
      // Before Arrow 0.15 the length stood alone.
      if (length === 0xffffffff) length = uint32((await input.take(4))!);
      if (length === 0) return;
      const header = (await input.take(length))!;
      yield { header, body: (await input.take(bodyLength(header)))! };
    }
  } finally {
    await input.close();
  }
}

function uint32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

/** Takes exact lengths out of chunks of any length. */
class ByteInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** @returns null when the input ends before the first byte and `mayEnd` allows it */
  async take(length: number, mayEnd = false): Promise<Uint8Array | null> {
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#chunk.byteLength === 0) {
        const { done, value } = await this.#chunks.next();
        if (done && filled === 0 && mayEnd) return null;
        if (done) throw new RangeError("the Arrow IPC stream ends within a message");
        this.#chunk = value;
      }
      const part = this.#chunk.subarray(0, length - filled);
      out.set(part, filled);
      filled += part.byteLength;
      this.#chunk = this.#chunk.subarray(part.byteLength);
    }
    return out;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
