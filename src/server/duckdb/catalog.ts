import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { writeSchema } from "../../arrow/encode.ts";
import type { CommandGetDbSchemas, CommandGetTables } from "../../gen/FlightSql_pb.ts";
import type { Result } from "../backend.ts";
import { rowsResult } from "../rows.ts";
import { metadataSchemas } from "../schemas.ts";
import { layoutOf } from "./batches.ts";
import { identifier } from "./files.ts";

/* Metadata from DuckDB's own catalog functions. What belongs to DuckDB itself is left out. */

/** The character that takes the meaning of `%`, `_` and itself in filter patterns. */
export const searchEscape = "\\";

export const tableTypes: readonly string[] = ["LOCAL TEMPORARY", "TABLE", "VIEW"];

export async function catalogs(connection: DuckDBConnection): Promise<Result> {
  const rows = await select(
    connection,
    "SELECT database_name FROM duckdb_databases() WHERE NOT internal ORDER BY database_name",
  );
  return rowsResult(metadataSchemas.catalogs, rows);
}

export async function dbSchemas(connection: DuckDBConnection, command: CommandGetDbSchemas): Promise<Result> {
  // "main" counts as internal, though it is where tables go.
  const rows = await select(
    connection,
    `SELECT database_name, schema_name FROM duckdb_schemas()
     WHERE database_name NOT IN ('system', 'temp')
       AND ($1::VARCHAR IS NULL OR database_name = $1)
       AND ($2::VARCHAR IS NULL OR schema_name LIKE $2 ESCAPE '${searchEscape}')
     ORDER BY ALL`,
    [command.catalog ?? null, command.dbSchemaFilterPattern ?? null],
  );
  return rowsResult(metadataSchemas.dbSchemas, rows);
}

export async function tables(connection: DuckDBConnection, command: CommandGetTables): Promise<Result> {
  const rows = await select(
    connection,
    `SELECT database_name, schema_name, name, kind FROM (
       SELECT database_name, schema_name, table_name AS name,
              CASE WHEN temporary THEN 'LOCAL TEMPORARY' ELSE 'TABLE' END AS kind
         FROM duckdb_tables() WHERE NOT internal
       UNION ALL
       SELECT database_name, schema_name, view_name, 'VIEW' FROM duckdb_views() WHERE NOT internal)
     WHERE ($1::VARCHAR IS NULL OR database_name = $1)
       AND ($2::VARCHAR IS NULL OR schema_name LIKE $2 ESCAPE '${searchEscape}')
       AND ($3::VARCHAR IS NULL OR name LIKE $3 ESCAPE '${searchEscape}')
     ORDER BY ALL`,
    [command.catalog ?? null, command.dbSchemaFilterPattern ?? null, command.tableNameFilterPattern ?? null],
  );
  const wanted = command.tableTypes;
  const kept = rows[3]!.flatMap((kind, i) => (wanted.length === 0 || wanted.includes(String(kind)) ? [i] : []));
  const columns: unknown[][] = rows.map((column) => kept.map((i) => column[i]!));
  if (!command.includeSchema) return rowsResult(metadataSchemas.tables, columns);
  const schemas: Uint8Array[] = [];
  for (let i = 0; i < kept.length; i++) {
    const [catalog, schema, table] = columns.map((column) => String(column[i]));
    schemas.push(await tableSchema(connection, catalog!, schema!, table!));
  }
  return rowsResult(metadataSchemas.tablesWithSchema, [...columns, schemas]);
}

/** A table's Arrow schema; that of no columns for a view that no longer works. */
async function tableSchema(
  connection: DuckDBConnection,
  catalog: string,
  schema: string,
  table: string,
): Promise<Uint8Array> {
  const [names, nullables] = await select(
    connection,
    "SELECT column_name, is_nullable FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 AND table_name = $3",
    [catalog, schema, table],
  );
  const required = new Set(names!.filter((_, i) => nullables![i] === false));
  const from = [catalog, schema, table].map(identifier).join(".");
  const statement = await connection.prepare(`FROM ${from}`).catch(() => null);
  if (!statement) return writeSchema(layoutOf([]).schema);
  try {
    const columns = Array.from({ length: statement.columnCount }, (_, i) => {
      const name = statement.columnName(i);
      return { name, type: statement.columnType(i), nullable: !required.has(name) };
    });
    return writeSchema(layoutOf(columns).schema);
  } finally {
    statement.destroySync();
  }
}

/** The columns of a query's rows. */
export async function select(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, values);
  const columns = reader.getColumns();
  // Of no rows, node-api gives no columns.
  return Array.from({ length: reader.columnCount }, (_, i) => columns[i] ?? []);
}
