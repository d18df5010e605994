import { type ColumnMetadata, type QueryExecutorProvider, sql, type TableMetadata } from "kysely";

/** A row as the server names it; names are compared in lower case, as some servers have them in upper case. */
type Row = Record<string, unknown>;

/** Schemas that every database has of its own. */
export function isSystemSchema(name: string | null): boolean {
  return name !== null && ["information_schema", "pg_catalog"].includes(name.toLowerCase());
}

/** What the name of a table's type says of it. `isForeign` is of Kysely 0.29. */
export function kindOfTable(type: string): { isView: boolean; isForeign: boolean } {
  return { isView: /view/i.test(type), isForeign: /foreign/i.test(type) };
}

/** Names of schemas, from information_schema. */
export async function informationSchemaNames(
  db: QueryExecutorProvider,
  catalog: string | undefined,
): Promise<string[]> {
  const rows = await read(db, "schemata", "catalog_name", catalog);
  return rows.map((row) => text(row.schema_name));
}

/** Tables with their columns, from information_schema. */
export async function informationSchemaTables(
  db: QueryExecutorProvider,
  catalog: string | undefined,
): Promise<TableMetadata[]> {
  const tables = await read(db, "tables", "table_catalog", catalog);
  const columns = new Map<string, Row[]>();
  for (const row of await read(db, "columns", "table_catalog", catalog)) {
    const known = columns.get(keyOf(row));
    if (known === undefined) columns.set(keyOf(row), [row]);
    else known.push(row);
  }
  return tables
    .filter((row) => !isSystemSchema(text(row.table_schema)))
    .map((row) => ({
      name: text(row.table_name),
      schema: text(row.table_schema),
      ...kindOfTable(text(row.table_type)),
      columns: (columns.get(keyOf(row)) ?? [])
        .sort((a, b) => Number(a.ordinal_position) - Number(b.ordinal_position))
        .map(toColumn),
    }));
}

/** All columns: which there are besides the standard's differs. Literals, as some servers cannot bind parameters. */
async function read(
  db: QueryExecutorProvider,
  view: string,
  catalogColumn: string,
  catalog: string | undefined,
): Promise<Row[]> {
  const where = catalog === undefined ? sql`` : sql` where ${sql.raw(catalogColumn)} = ${sql.lit(catalog)}`;
  const { rows } = await sql<Row>`select * from information_schema.${sql.raw(view)}${where}`.execute(db);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value])));
}

function keyOf(row: Row): string {
  return JSON.stringify([text(row.table_catalog), text(row.table_schema), text(row.table_name)]);
}

function toColumn(row: Row): ColumnMetadata {
  const standard = text(row.column_default);
  const comment = text(row.column_comment);
  return {
    name: text(row.column_name),
    dataType: text(row.data_type),
    isNullable: /^(yes|true)$/i.test(text(row.is_nullable)),
    // In turn: the standard, MySQL and its kin, PostgreSQL's serial.
    isAutoIncrementing:
      /^yes$/i.test(text(row.is_identity)) || /auto_increment/i.test(text(row.extra)) || /^nextval\(/i.test(standard),
    hasDefaultValue: standard !== "" && standard !== "NULL",
    ...(comment !== "" && { comment }),
  };
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
