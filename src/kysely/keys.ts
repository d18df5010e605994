import type { TableMetadata } from "kysely";
import type { Reflected } from "./reflection.ts";

/** The keys of a table. */
export interface TableKeys {
  /** Its columns in the key's order; none when it has no primary key. */
  readonly primaryKey: readonly string[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** Columns of a table that point at columns of another. */
export interface ForeignKey {
  readonly columns: readonly string[];
  readonly references: { readonly schema?: string; readonly table: string; readonly columns: readonly string[] };
}

interface PrimaryKeyRow {
  column_name: string;
  key_sequence: number;
}

interface ForeignKeyRow {
  pk_db_schema_name: string | null;
  pk_table_name: string;
  pk_column_name: string;
  fk_column_name: string;
  key_sequence: number;
  fk_key_name: string | null;
}

/** `CommandGetPrimaryKeys` and `CommandGetImportedKeys`. */
export async function keysOf(
  { client, catalog, call }: Reflected,
  { name, schema }: Pick<TableMetadata, "name" | "schema">,
): Promise<TableKeys> {
  const table = {
    table: name,
    ...(schema !== undefined && { dbSchema: schema }),
    ...(catalog !== undefined && { catalog }),
  };
  const primary = await client.getPrimaryKeys(table, call).all<PrimaryKeyRow>();
  const foreign = await client.getImportedKeys(table, call).all<ForeignKeyRow>();
  return {
    primaryKey: primary.sort((a, b) => a.key_sequence - b.key_sequence).map((row) => row.column_name),
    foreignKeys: group(foreign).map(toForeignKey),
  };
}

/** Rows come key by key, in the order of its columns; the name of a key may be null. */
function group(rows: readonly ForeignKeyRow[]): [ForeignKeyRow, ...ForeignKeyRow[]][] {
  const keys: [ForeignKeyRow, ...ForeignKeyRow[]][] = [];
  for (const row of rows) {
    const key = keys.at(-1);
    const last = key?.at(-1);
    const continues = last?.fk_key_name === row.fk_key_name && row.key_sequence > last.key_sequence;
    if (continues) key?.push(row);
    else keys.push([row]);
  }
  return keys;
}

function toForeignKey(rows: [ForeignKeyRow, ...ForeignKeyRow[]]): ForeignKey {
  const [{ pk_db_schema_name: schema, pk_table_name: table }] = rows;
  return {
    columns: rows.map((row) => row.fk_column_name),
    references: {
      ...(schema && { schema }),
      table,
      columns: rows.map((row) => row.pk_column_name),
    },
  };
}
