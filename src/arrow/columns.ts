import { type Field, type RecordBatch, Schema } from "apache-arrow";
import { makeBatch } from "./batch.ts";
import { fieldData } from "./column.ts";
import type { Place } from "./place.ts";

/** A column of JavaScript values on its way into a batch. */
export interface Column {
  readonly field: Field;
  readonly values: readonly unknown[];
  readonly place: Place;
}

/** A batch of columns that have `length` values each. */
export function columnsToBatch(
  columns: readonly Column[],
  length: number,
  metadata: Map<string, string> = new Map(),
): RecordBatch {
  const fields = columns.map(({ field }) => field);
  const children = columns.map(({ field, values, place }) => fieldData(field, values, place));
  const schema = new Schema(fields, metadata);
  return makeBatch(schema, length, children);
}
