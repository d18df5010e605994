import { Code, ConnectError } from "@connectrpc/connect";
import {
  type DuckDBPreparedStatement,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  SQLNULL,
} from "@duckdb/node-api";
import { type DataType, type Dictionary, Field, Null, type RecordBatch, Schema, Type } from "apache-arrow";
import { columnOf } from "./columns.ts";
import { batchChunks, writerOf } from "./write.ts";
import type { Writer } from "./write-nested.ts";

/** The parameters of a statement: its names ("1", "2", … by position), and types as far as DuckDB knows them. */
export function parameterSchema(statement: DuckDBPreparedStatement): Schema {
  const ids = { next: 0 };
  return new Schema(
    parameters(statement).map(({ name, type }) => new Field(name, type ? parameterArrow(type, ids) : new Null(), true)),
  );
}

/** Enum values are looked up by DuckDB: a client need not send a dictionary. */
function parameterArrow(type: DuckDBType, ids: { next: number }): DataType {
  const arrow = columnOf(type, ids).type;
  return arrow.typeId === Type.Dictionary ? (arrow as Dictionary).dictionary : arrow;
}

interface Parameter {
  readonly name: string;
  /** Undefined when it depends on the value. */
  readonly type: DuckDBType | undefined;
}

function parameters(statement: DuckDBPreparedStatement): Parameter[] {
  return Array.from({ length: statement.parameterCount }, (_, i) => {
    const known = statement.parameterTypeId(i + 1) !== DuckDBTypeId.INVALID;
    return { name: statement.parameterName(i + 1), type: known ? statement.parameterType(i + 1) : undefined };
  });
}

/** Binds one set after the other: each step has bound the next, and says that there is one. */
export function* bindSets(statement: DuckDBPreparedStatement, batches: readonly RecordBatch[]): Generator<void> {
  const wanted = parameters(statement);
  for (const batch of batches) {
    const columns = match(wanted, batch.schema);
    const writers: Writer[] = batch.schema.fields.map((field, c) =>
      writerOf(field.type, field.name, wanted[columns.indexOf(c)]?.type),
    );
    const isNullType = batch.schema.fields.map((field) => field.type.typeId === Type.Null);
    for (const chunk of batchChunks(batch, writers)) {
      for (let row = 0; row < chunk.rowCount; row++) {
        wanted.forEach((_, p) => {
          const c = columns[p]!;
          const value: DuckDBValue = isNullType[c] ? null : chunk.getColumnVector(c).getItem(row);
          statement.bindValue(p + 1, value, value === null && isNullType[c] ? SQLNULL : writers[c]!.type);
        });
        yield;
      }
    }
  }
}

/** Which column is which parameter: by name when all names are known, else by position. */
function match(wanted: readonly Parameter[], { fields }: Schema): number[] {
  if (fields.length !== wanted.length) {
    throw new ConnectError(
      `The statement has ${wanted.length} parameters; ${fields.length} were given.`,
      Code.InvalidArgument,
    );
  }
  const names = fields.map(({ name }) => bare(name));
  const byName = wanted.map(({ name }) => names.indexOf(bare(name)));
  const all = new Set(byName).size === wanted.length && !byName.includes(-1);
  return all ? byName : wanted.map((_, i) => i);
}

/** Clients may write the sign that stands before the name in SQL. */
function bare(name: string): string {
  return name.replace(/^[$:@]/, "").toLowerCase();
}
