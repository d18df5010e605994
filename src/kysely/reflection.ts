import type { Field } from "apache-arrow";
import type { ColumnMetadata, TableMetadata } from "kysely";
import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions, TableInfo } from "../sql/index.ts";
import { isSystemSchema, kindOfTable } from "./information-schema.ts";

export interface Reflected {
  readonly client: FlightSqlClient;
  readonly catalog: string | undefined;
  readonly call: CallOptions;
}

/** Names of schemas. `CommandGetDbSchemas`. */
export async function reflectedNames({ client, catalog, call }: Reflected): Promise<string[]> {
  const filter = catalog === undefined ? {} : { catalog };
  const rows = await client.getDbSchemas(filter, call).all<{ db_schema_name: string }>();
  return rows.map((row) => row.db_schema_name);
}

/** Tables with their columns. `CommandGetTables`. */
export async function reflectedTables({ client, catalog, call }: Reflected): Promise<TableMetadata[]> {
  const filter = catalog === undefined ? {} : { catalog };
  const tables = await client.getTables({ includeSchema: true, ...filter }, call).tables();
  return tables.filter(({ type, dbSchema }) => !/^system\b/i.test(type) && !isSystemSchema(dbSchema)).map(toTable);
}

function toTable({ name, dbSchema, type, schema }: TableInfo): TableMetadata {
  return {
    name,
    ...kindOfTable(type),
    columns: schema?.fields.map(toColumn) ?? [],
    ...(dbSchema !== null && dbSchema !== "" && { schema: dbSchema }),
  };
}

/** FlightSql.proto, CommandGetTables: what the metadata of a field may say. */
function toColumn({ name, type, nullable, metadata }: Field): ColumnMetadata {
  const said = (what: string): string | undefined => metadata.get(`ARROW:FLIGHT:SQL:${what}`);
  const comment = said("REMARKS");
  return {
    name,
    dataType: said("TYPE_NAME") || String(type),
    isNullable: nullable,
    isAutoIncrementing: said("IS_AUTO_INCREMENT") === "1",
    hasDefaultValue: false,
    ...(comment && { comment }),
  };
}
