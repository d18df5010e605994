import { makeData, RecordBatch, type Schema, Struct, vectorFromArray } from "apache-arrow";
import type { Chunk, Result } from "./backend.ts";

/**
 * A small result from values at hand, one array a column: for metadata, not for data.
 *
 * Values are what apache-arrow's `vectorFromArray` takes for the column's type; null where there is none.
 */
export function rowsResult(schema: Schema, columns: readonly (readonly unknown[])[]): Result {
  return { schema, chunks: chunksOf(schema, columns) };
}

async function* chunksOf(schema: Schema, columns: readonly (readonly unknown[])[]): AsyncGenerator<Chunk> {
  const length = columns[0]?.length ?? 0;
  if (length === 0) return;
  const children = schema.fields.map((field, i) => vectorFromArray(columns[i]!, field.type).data[0]!);
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
  yield { batch: new RecordBatch(schema, data) };
}
