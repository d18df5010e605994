import { Field, type RecordBatch, type Schema } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import { type Column, columnsToBatch } from "./columns.ts";
import { inferType } from "./infer.ts";
import { distinctNames } from "./objects.ts";
import type { ParameterValue } from "./params.ts";
import type { Place } from "./place.ts";

/** A row to write; a property that is missing or undefined is null. */
export type RowInput = { readonly [column: string]: ParameterValue | undefined };

/**
 * Rows as a batch.
 *
 * @param schema the columns to write, as they are, such as those of the batch before: a row must have no others. Null
 * takes every property of any row as a column, in the order they appear, and infers types over all rows (`inferType`)
 * @param firstRow the number of `rows[0]` among all rows of an upload, for errors
 * @throws FlightSqlError `invalid_argument` naming row, column and type of a value that does not fit, never the value
 */
export function rowsToBatch(rows: readonly RowInput[], schema: Schema | null, firstRow = 0): RecordBatch {
  const bad = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
  if (bad >= 0) throw new FlightSqlError("invalid_argument", `row ${firstRow + bad} is no object of columns`);
  const names = schema === null ? columnNames(rows) : distinctNames(schema.fields.map((field) => field.name));
  if (schema !== null) refuseSurplus(rows, new Set(names), firstRow);
  const columns = names.map((name, c): Column => {
    const values = rows.map((row) => (Object.hasOwn(row, name) ? (row[name] ?? null) : null));
    const place: Place = (i) => `column ${JSON.stringify(name)} of row ${firstRow + i}`;
    return { field: schema?.fields[c] ?? new Field(name, inferType(values, place), true), values, place };
  });
  return columnsToBatch(columns, rows.length, schema?.metadata);
}

function columnNames(rows: readonly RowInput[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}

function refuseSurplus(rows: readonly RowInput[], known: ReadonlySet<string>, firstRow: number): void {
  for (const [i, row] of rows.entries()) {
    const surplus = Object.keys(row).find((name) => !known.has(name));
    if (surplus === undefined) continue;
    throw new FlightSqlError(
      "invalid_argument",
      `row ${firstRow + i} has a column ${JSON.stringify(surplus)}, which is not among the columns to write`,
    );
  }
}
