import type { Schema } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions, TableInfo, TableRef } from "../sql/index.ts";
import { type SqlType, sqlType } from "./types.ts";

/** Where to look for tables. */
export interface ReflectionOptions extends CallOptions {
  /** Default: in all catalogs; `""` means tables without one. */
  catalog?: string | undefined;
}

/** A column of a table. */
export interface ColumnInfo {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /** What the server remarks on it, if anything. */
  readonly comment: string | null;
}

/** A primary key. */
export interface PrimaryKey {
  readonly name: string | null;
  /** In the key's order; none when the table has no primary key. */
  readonly columns: readonly string[];
}

/** A foreign key of a table. */
export interface ForeignKey {
  readonly name: string | null;
  /** In the key's order. */
  readonly columns: readonly string[];
  readonly referredCatalog: string | null;
  readonly referredSchema: string | null;
  readonly referredTable: string;
  /** In the order of `columns`. */
  readonly referredColumns: readonly string[];
}

export async function getColumns(
  client: FlightSqlClient,
  table: string,
  schema: string | undefined,
  options: ReflectionOptions,
): Promise<ColumnInfo[]> {
  const tables = await listTables(client, schema, options, {
    tableNameFilterPattern: like(table),
    includeSchema: true,
  });
  const found = tables.filter(({ name }) => name === table);
  const [only] = found;
  if (only === undefined) {
    const where = schema === undefined ? "" : ` in schema ${JSON.stringify(schema)}`;
    throw new FlightSqlError("not_found", `there is no table ${JSON.stringify(table)}${where}`);
  }
  if (found.length > 1) {
    const places = found.map(({ catalog, dbSchema }) => [catalog, dbSchema].filter((name) => name).join("."));
    throw new FlightSqlError(
      "failed_precondition",
      `there are ${found.length} tables ${JSON.stringify(table)}: name the schema and catalog, of ${places.join(", ")}`,
    );
  }
  return columnsOf(only.schema);
}

function columnsOf(schema: Schema | null): ColumnInfo[] {
  return (schema?.fields ?? []).map(({ name, type, nullable, metadata }) => ({
    name,
    type: sqlType(type),
    nullable,
    comment: metadata.get("ARROW:FLIGHT:SQL:REMARKS") || null,
  }));
}

export async function getTableNames(
  client: FlightSqlClient,
  kind: "table" | "view",
  schema: string | undefined,
  options: ReflectionOptions,
): Promise<string[]> {
  // Each server has its own names for the types of tables, so they are told apart here.
  const tables = await listTables(client, schema, options, {});
  return [...new Set(tables.filter(({ type }) => kindOf(type) === kind).map(({ name }) => name))];
}

function kindOf(type: string): "table" | "view" | "system" {
  if (/system/i.test(type)) return "system";
  return /view/i.test(type) ? "view" : "table";
}

export async function getSchemaNames(client: FlightSqlClient, options: ReflectionOptions): Promise<string[]> {
  const { catalog, ...call } = options;
  const filter = catalog === undefined ? {} : { catalog };
  const rows = await client.getDbSchemas(filter, call).all<{ db_schema_name: string | null }>();
  return [...new Set(rows.map((row) => row.db_schema_name ?? "").filter((name) => name !== ""))];
}

export async function getPrimaryKeys(
  client: FlightSqlClient,
  table: string,
  schema: string | undefined,
  options: ReflectionOptions,
): Promise<PrimaryKey> {
  const { catalog: _, ...call } = options;
  const rows = await client.getPrimaryKeys(refTo(table, schema, options), call).all<PrimaryKeyRow>();
  const [first] = rows;
  oneTable(table, rows, (row) => [row.catalog_name, row.db_schema_name]);
  return { name: first?.key_name || null, columns: inSequence(rows).map((row) => row.column_name) };
}

export async function getForeignKeys(
  client: FlightSqlClient,
  table: string,
  schema: string | undefined,
  options: ReflectionOptions,
): Promise<ForeignKey[]> {
  const { catalog: _, ...call } = options;
  const rows = await client.getImportedKeys(refTo(table, schema, options), call).all<ForeignKeyRow>();
  oneTable(table, rows, (row) => [row.fk_catalog_name, row.fk_db_schema_name]);
  return keysOf(rows).map((parts) => {
    const { fk_key_name, pk_catalog_name, pk_db_schema_name, pk_table_name } = parts[0]!;
    return {
      name: fk_key_name || null,
      columns: parts.map((row) => row.fk_column_name),
      referredCatalog: pk_catalog_name || null,
      referredSchema: pk_db_schema_name || null,
      referredTable: pk_table_name,
      referredColumns: parts.map((row) => row.pk_column_name),
    };
  });
}

interface PrimaryKeyRow {
  readonly catalog_name: string | null;
  readonly db_schema_name: string | null;
  readonly column_name: string;
  readonly key_sequence: number;
  readonly key_name: string | null;
}

interface ForeignKeyRow {
  readonly pk_catalog_name: string | null;
  readonly pk_db_schema_name: string | null;
  readonly pk_table_name: string;
  readonly pk_column_name: string;
  readonly fk_catalog_name: string | null;
  readonly fk_db_schema_name: string | null;
  readonly fk_column_name: string;
  readonly key_sequence: number;
  readonly fk_key_name: string | null;
}

/** The columns of each key together. Two keys may refer to one table, and servers may leave them without names. */
function keysOf(rows: readonly ForeignKeyRow[]): ForeignKeyRow[][] {
  const keys = new Map<string, ForeignKeyRow[][]>();
  for (const row of rows) {
    const id = JSON.stringify([row.fk_key_name, row.pk_catalog_name, row.pk_db_schema_name, row.pk_table_name]);
    const same = keys.get(id) ?? [];
    keys.set(id, same);
    const key = same.find((parts) => parts.every((part) => part.key_sequence !== row.key_sequence));
    if (key === undefined) same.push([row]);
    else key.push(row);
  }
  return [...keys.values()].flat().map(inSequence);
}

function inSequence<Row extends { readonly key_sequence: number }>(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => a.key_sequence - b.key_sequence);
}

/** Keys of several tables that share a name must not pass for those of one. */
function oneTable<Row>(table: string, rows: readonly Row[], placeOf: (row: Row) => (string | null)[]): void {
  const places = new Set(
    rows.map((row) =>
      placeOf(row)
        .filter((name) => name)
        .join("."),
    ),
  );
  if (places.size < 2) return;
  throw new FlightSqlError(
    "failed_precondition",
    `there are several tables ${JSON.stringify(table)}: name the schema and catalog, of ${[...places].join(", ")}`,
  );
}

function refTo(table: string, dbSchema: string | undefined, { catalog }: ReflectionOptions): TableRef {
  return { table, ...(dbSchema !== undefined && { dbSchema }), ...(catalog !== undefined && { catalog }) };
}

async function listTables(
  client: FlightSqlClient,
  schema: string | undefined,
  { catalog, ...call }: ReflectionOptions,
  filter: { tableNameFilterPattern?: string; includeSchema?: boolean },
): Promise<TableInfo[]> {
  const where = {
    ...(catalog !== undefined && { catalog }),
    ...(schema !== undefined && { dbSchemaFilterPattern: like(schema) }),
  };
  const tables = await client.getTables({ ...filter, ...where }, call).tables();
  return schema === undefined ? tables : tables.filter(({ dbSchema }) => (dbSchema ?? "") === schema);
}

/**
 * A pattern that matches a name, and little else.
 *
 * Which character escapes `%` and `_` differs between servers, and some have none. `_` for whatever is neither letter
 * nor digit needs no escaping; who uses it looks at the names that come.
 */
function like(name: string): string {
  return name.replace(/[^\p{L}\p{N}]/gu, "_");
}
