import { type FileHandle, open } from "node:fs/promises";
import { type RecordBatch, RecordBatchReader, type Schema } from "apache-arrow";
import { codecLoader } from "../arrow/codecs.ts";
import { FlightDecoder } from "../arrow/decode.ts";
import { bodyLength, messageKind } from "../arrow/message.ts";

/** An Arrow IPC file or stream, also compressed, read a batch at a time. */
export interface ArrowFile {
  readonly schema: Schema;
  readonly batches: AsyncGenerator<RecordBatch, void, undefined>;
}

/**
 * Opens an Arrow file (Feather version 2) or stream. A file is read as the stream that it contains: from the front, up to
 * its end marker.
 *
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 *
 * @throws Error naming the file when it is no such thing
 */
export async function openArrowFile(path: string): Promise<ArrowFile> {
  if (await lacksSchemaMessage(path)) {
    const reader = await RecordBatchReader.from(await open(path)).then((from) => from.open());
    return { schema: reader.schema, batches: ofReader(reader) };
  }
  const decoder = new FlightDecoder(codecLoader());
  const batches = read(path, decoder);
  // Null tells that the schema has been read.
  await batches.next();
  const { schema } = decoder;
  if (schema === null) throw new Error(`${path} has no Arrow schema`);
  return { schema, batches: present(batches) };
}

/** apache-arrow writes files that have their schema in the footer alone; what it writes, it reads. */
async function lacksSchemaMessage(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const start = await take(file, 0, 16);
    if (!isFile(start) || start.length < 16 || start.readUInt32LE(8) !== marker) return false;
    const length = start.readInt32LE(12);
    return length === 0 || messageKind(await takeAll(file, 16, length)) !== "schema";
  } catch {
    // Said with the file's name when it is read.
    return false;
  } finally {
    await file.close();
  }
}

async function* ofReader(reader: AsyncIterable<RecordBatch>): ArrowFile["batches"] {
  // An empty batch that it makes up for a file without any cannot be sent on: its dictionaries are not there.
  for await (const batch of reader) if (batch.numRows > 0) yield batch;
}

const marker = 0xffffffff;

function isFile(start: Buffer): boolean {
  return start.toString("latin1", 0, 6) === "ARROW1";
}

async function* present(batches: AsyncIterable<RecordBatch | null>): ArrowFile["batches"] {
  for await (const batch of batches) if (batch !== null) yield batch;
}

async function* read(path: string, decoder: FlightDecoder): AsyncGenerator<RecordBatch | null, void, undefined> {
  const file = await open(path);
  try {
    let at = isFile(await take(file, 0, 8)) ? 8 : 0;
    for (;;) {
      const prefix = await take(file, at, 8);
      // Streams without an end marker end with the file.
      if (prefix.length < 4) return;
      // Before Arrow 0.15 the length stood alone.
      const isMarked = prefix.readUInt32LE(0) === marker;
      if (isMarked && prefix.length < 8) throw new RangeError("it ends within a message");
      const length = prefix.readInt32LE(isMarked ? 4 : 0);
      if (length === 0) return;
      at += isMarked ? 8 : 4;
      const header = await takeAll(file, at, length);
      const body = await takeAll(file, at + length, bodyLength(header));
      at += length + body.length;
      yield await decoder.decode(header, body);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path} cannot be read as an Arrow file or stream: ${why}`, { cause });
  } finally {
    await file.close();
  }
}

async function takeAll(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  // Checked before the memory is taken: a damaged length may be anything.
  if (length < 0 || at + length > size) throw new RangeError("it ends within a message");
  return await take(file, at, length);
}

async function take(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
