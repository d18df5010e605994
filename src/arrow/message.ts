import { FlatTable, safeInt64 } from "./flatbuffer.ts";
import { readMetadata, readWireSchema, type WireSchema } from "./schema.ts";

/** What the header of a record batch or dictionary batch says about its body. */
export interface BatchLayout {
  /** Rows. */
  readonly length: number;
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[];
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
  /** How many data buffers each view column has, in order. */
  readonly variadicCounts: readonly number[];
  /** BodyCompression.codec: 0 LZ4_FRAME, 1 ZSTD; null when the body is stored plain. */
  readonly codec: number | null;
}

export type Message =
  | { readonly kind: "schema"; readonly schema: WireSchema }
  | { readonly kind: "dictionary"; readonly id: number; readonly isDelta: boolean; readonly layout: BatchLayout }
  | { readonly kind: "batch"; readonly layout: BatchLayout; readonly metadata: Map<string, string> };

/** Message.fbs, union MessageHeader. */
const HeaderType = { Schema: 1, DictionaryBatch: 2, RecordBatch: 3 } as const;

/**
 * Reads a `FlightData.data_header`: one FlatBuffers `Message` without length prefix.
 *
 * @throws TypeError or RangeError that says what is damaged or not supported
 */
export function readMessage(header: Uint8Array): Message {
  const message = readRoot(header);
  const content = message.table(2);
  const type = message.uint8(1);
  if (content === null) throw new RangeError("the Arrow message has no content");
  switch (type) {
    case HeaderType.Schema:
      return { kind: "schema", schema: readWireSchema(content, message.int16(0)) };
    case HeaderType.DictionaryBatch: {
      const batch = content.table(1);
      if (batch === null) throw new RangeError("the dictionary batch has no data");
      return { kind: "dictionary", id: content.int64(0), isDelta: content.bool(2), layout: readLayout(batch) };
    }
    case HeaderType.RecordBatch:
      return { kind: "batch", layout: readLayout(content), metadata: readMetadata(message, 4) };
    default:
      throw new TypeError(`Arrow message type ${type} has no place in a stream of record batches`);
  }
}

/** The kind of a message without reading the rest of it: for passing messages through. */
export function messageKind(header: Uint8Array): "schema" | "dictionary" | "batch" | "other" {
  switch (readRoot(header).uint8(1)) {
    case HeaderType.Schema:
      return "schema";
    case HeaderType.DictionaryBatch:
      return "dictionary";
    case HeaderType.RecordBatch:
      return "batch";
    default:
      return "other";
  }
}

/** Rows of a record batch message without decoding it: for progress of bytes that pass through. */
export function batchLength(header: Uint8Array): number {
  return readRoot(header).table(2)?.int64(0) ?? 0;
}

/** The RecordBatch table of a record batch or dictionary batch message; null for other messages. */
export function batchTable(header: Uint8Array): FlatTable | null {
  const message = readRoot(header);
  const content = message.table(2);
  switch (message.uint8(1)) {
    case HeaderType.RecordBatch:
      return content;
    case HeaderType.DictionaryBatch:
      return content?.table(1) ?? null;
    default:
      return null;
  }
}

/** `Message.bodyLength`: how many bytes of body follow the message in an IPC stream. */
export function bodyLength(header: Uint8Array): number {
  return count(readRoot(header).int64(3), "body length");
}

function readRoot(header: Uint8Array): FlatTable {
  if (header.byteLength < 8) throw new RangeError(`an Arrow message of ${header.byteLength} bytes is too short`);
  return FlatTable.root(header);
}

export function readLayout(table: FlatTable): BatchLayout {
  const view = table.view;
  const compression = table.table(3);
  return {
    length: count(table.int64(0), "row count"),
    nodes: structs(table, 1, (at) => ({
      length: count(safeInt64(view, at), "node length"),
      nullCount: safeInt64(view, at + 8),
    })),
    buffers: structs(table, 2, (at) => ({
      offset: count(safeInt64(view, at), "buffer offset"),
      length: count(safeInt64(view, at + 8), "buffer length"),
    })),
    variadicCounts: numbers(table, 4),
    codec: compression === null ? null : compression.uint8(0),
  };
}

// FieldNode and Buffer are both structs of two 64-bit integers.
function structs<T>(table: FlatTable, slot: number, read: (at: number) => T): T[] {
  const { start, count } = table.vector(slot, 16);
  const out = new Array<T>(count);
  for (let i = 0; i < count; i++) out[i] = read(start + i * 16);
  return out;
}

function numbers(table: FlatTable, slot: number): number[] {
  const { start, count: n } = table.vector(slot, 8);
  return Array.from({ length: n }, (_, i) => count(safeInt64(table.view, start + i * 8), "buffer count"));
}

function count(value: number, what: string): number {
  if (value < 0) throw new RangeError(`${what} ${value} is negative`);
  return value;
}
