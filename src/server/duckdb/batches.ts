import type { DuckDBDataChunk, DuckDBType } from "@duckdb/node-api";
import { Field, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import type { Column } from "./column.ts";
import { columnOf } from "./columns.ts";
import { columnVector, Part } from "./memory.ts";

/** The Arrow schema of a result, and how its columns are made. */
export interface Layout {
  readonly schema: Schema;
  readonly columns: readonly Column[];
}

// The longest type name worth sending: an ENUM's spells out all its values.
const longestTypeName = 200;

/** The layout of columns with these names and DuckDB types. */
export function layoutOf(
  columns: readonly { readonly name: string; readonly type: DuckDBType; readonly nullable?: boolean }[],
): Layout {
  const ids = { next: 0 };
  const made = columns.map(({ type }) => columnOf(type, ids));
  const fields = columns.map(({ name, type, nullable = true }, i) => {
    const typeName = String(type);
    const metadata = typeName.length > longestTypeName ? [] : [["ARROW:FLIGHT:SQL:TYPE_NAME", typeName] as const];
    return new Field(name, made[i]!.type, nullable, new Map(metadata));
  });
  return { schema: new Schema(fields), columns: made };
}

// DuckDB hands out 2048 rows at a time. The first batch is one of those, so that something is seen early; then batches
// grow, since every message costs its reader the same. None waits longer than `longestWaitMs` for its rows.
const batchRows = [2048, 8192, 32768, 65536];
const batchBytes = 2 << 20;
const longestWaitMs = 100;

/** Some rows of a chunk: a part of each column's vector. */
interface Slice {
  /** Keeps the vectors' memory alive. */
  readonly chunk: DuckDBDataChunk;
  readonly parts: readonly Part[];
  readonly length: number;
  readonly bytes: number;
}

/** DuckDB's chunks joined to record batches of a good size. `fetch` gives null at the end. */
export async function* recordBatches(
  layout: Layout,
  fetch: () => Promise<DuckDBDataChunk | null>,
): AsyncGenerator<RecordBatch, void, undefined> {
  let slices: Slice[] = [];
  let rows = 0;
  let bytes = 0;
  let emitted = 0;
  let since = 0;
  const flush = (): RecordBatch => {
    const batch = joinSlices(layout, slices, rows);
    slices = [];
    rows = bytes = 0;
    emitted++;
    return batch;
  };
  const next = () => {
    const promise = fetch();
    // It may fail while nobody looks at it, between two batches; whoever asks for the next batch learns of it.
    promise.catch(() => {});
    return promise;
  };
  // One chunk ahead: DuckDB works while this one is turned to Arrow and sent.
  let coming = next();
  for (;;) {
    const chunk = rows === 0 ? await coming : await within(coming, since + longestWaitMs - performance.now());
    if (chunk === "late") {
      yield flush();
      continue;
    }
    if (chunk === null) break;
    coming = next();
    if (rows === 0) since = performance.now();
    for (const slice of split(layout, chunk, 0, chunk.rowCount)) {
      if (rows > 0 && bytes + slice.bytes > batchBytes) yield flush();
      slices.push(slice);
      rows += slice.length;
      bytes += slice.bytes;
      const enough = batchRows[Math.min(emitted, batchRows.length - 1)]!;
      if (rows >= enough) yield flush();
    }
  }
  if (rows > 0) yield flush();
}

/** The rows of a chunk; in halves, where they are wide, until a piece is small enough or a single row. */
function* split(layout: Layout, chunk: DuckDBDataChunk, start: number, length: number): Generator<Slice> {
  const parts = layout.columns.map((_, i) => new Part(columnVector(chunk, i), start, length));
  const bytes = layout.columns.reduce((sum, column, i) => sum + column.bytes(parts[i]!), 0);
  if (length <= 1 || bytes <= batchBytes) {
    yield { chunk, parts, length, bytes };
    return;
  }
  const half = length >> 1;
  yield* split(layout, chunk, start, half);
  yield* split(layout, chunk, start + half, length - half);
}

function joinSlices({ schema, columns }: Layout, slices: readonly Slice[], rows: number): RecordBatch {
  const children = columns.map((column, i) =>
    column.join(
      slices.map(({ parts }) => parts[i]!),
      rows,
    ),
  );
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }));
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), "late");
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
