import type { RecordBatch } from "apache-arrow";
import { distinctNames, objectReader } from "./objects.ts";
import { type ValueOptions, valueReader } from "./values.ts";

/** How rows are made out of batches. */
export interface RowOptions extends ValueOptions {
  /** A row as a plain object by column name, or as an array by column position. Default `"object"`. */
  as?: "object" | "array";
}

/** Rows made in one go: enough to be quick, few enough that a page stays responsive between two slices. */
const rowSlice = 10_000;

/**
 * The rows of a batch, `rowSlice` of them at a time.
 *
 * Repeated column names become `a`, `a_2`, …: no column is lost.
 */
export function* batchRows<Row>(batch: RecordBatch, options: RowOptions = {}): Generator<Row[], void, undefined> {
  for (let begin = 0; begin < batch.numRows; begin += rowSlice) {
    const end = Math.min(begin + rowSlice, batch.numRows);
    yield readRows<Row>(batch, begin, end, options);
  }
}

function readRows<Row>(batch: RecordBatch, begin: number, end: number, options: RowOptions): Row[] {
  const names = batch.schema.fields.map((f) => f.name);
  const readers = batch.data.children.map((column, c) => valueReader(column, begin, end, names[c]!, options));
  const row =
    options.as === "array"
      ? (i: number) => readers.map((read) => read(i))
      : objectReader(distinctNames(names), readers);
  const rows = new Array<Row>(end - begin);
  for (let i = begin; i < end; i++) rows[i - begin] = row(i) as Row;
  return rows;
}
