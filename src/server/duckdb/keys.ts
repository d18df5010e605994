import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import type {
  CommandGetCrossReference,
  CommandGetExportedKeys,
  CommandGetImportedKeys,
  CommandGetPrimaryKeys,
} from "../../gen/FlightSql_pb.ts";
import type { Result } from "../backend.ts";
import { rowsResult } from "../rows.ts";
import { metadataSchemas } from "../schemas.ts";
import { select } from "./catalog.ts";

/** A table by names that are exact, unlike those of other metadata. Undefined: any. */
interface TableName {
  readonly catalog?: string | undefined;
  readonly dbSchema?: string | undefined;
  readonly table: string;
}

export async function primaryKeys(connection: DuckDBConnection, command: CommandGetPrimaryKeys): Promise<Result> {
  const columns = await select(
    connection,
    `SELECT database_name, schema_name, table_name, column_name, key_sequence::INTEGER, constraint_name
     FROM (SELECT *, unnest(constraint_column_names) AS column_name,
                  generate_subscripts(constraint_column_names, 1) AS key_sequence
           FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY')
     WHERE ${matches(["database_name", "schema_name", "table_name"], 1)}
     ORDER BY 1, 2, 3, 5`,
    nameValues(command),
  );
  return rowsResult(metadataSchemas.primaryKeys, columns);
}

export function exportedKeys(connection: DuckDBConnection, command: CommandGetExportedKeys): Promise<Result> {
  return foreignKeys(connection, command, undefined, "5, 6, 7");
}

export function importedKeys(connection: DuckDBConnection, command: CommandGetImportedKeys): Promise<Result> {
  return foreignKeys(connection, undefined, command, "1, 2, 3");
}

export function crossReference(connection: DuckDBConnection, command: CommandGetCrossReference): Promise<Result> {
  const primary = { catalog: command.pkCatalog, dbSchema: command.pkDbSchema, table: command.pkTable };
  const foreign = { catalog: command.fkCatalog, dbSchema: command.fkDbSchema, table: command.fkTable };
  return foreignKeys(connection, primary, foreign, "5, 6, 7");
}

// FlightSql.proto, UpdateDeleteRules: NO_ACTION. DuckDB has no other.
const noAction = 3;

/** DuckDB's foreign keys refer to tables of the same schema. */
async function foreignKeys(
  connection: DuckDBConnection,
  primary: TableName | undefined,
  foreign: TableName | undefined,
  order: string,
): Promise<Result> {
  const where = [
    ...(primary ? [matches(["database_name", "schema_name", "referenced_table"], 1)] : []),
    ...(foreign ? [matches(["database_name", "schema_name", "table_name"], primary ? 4 : 1)] : []),
  ];
  const columns = await select(
    connection,
    `WITH keys AS (
       SELECT *, unnest(referenced_column_names) AS pk_column, unnest(constraint_column_names) AS fk_column,
              generate_subscripts(constraint_column_names, 1) AS key_sequence
       FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY')
     SELECT database_name, schema_name, referenced_table, pk_column, database_name, schema_name, table_name, fk_column,
            key_sequence::INTEGER, constraint_name,
            (SELECT any_value(p.constraint_name) FROM duckdb_constraints() AS p
             WHERE p.constraint_type = 'PRIMARY KEY' AND p.database_name = keys.database_name
               AND p.schema_name = keys.schema_name AND p.table_name = keys.referenced_table
               AND p.constraint_column_names = keys.referenced_column_names),
            ${noAction}, ${noAction}
     FROM keys WHERE ${where.join(" AND ")} ORDER BY ${order}, constraint_index, 9`,
    [...(primary ? nameValues(primary) : []), ...(foreign ? nameValues(foreign) : [])],
  );
  return rowsResult(metadataSchemas.keys, columns);
}

function matches([catalog, schema, table]: readonly [string, string, string], first: number): string {
  const optional = (column: string, i: number): string => `($${i}::VARCHAR IS NULL OR ${column} = $${i})`;
  return `${optional(catalog, first)} AND ${optional(schema, first + 1)} AND ${table} = $${first + 2}`;
}

function nameValues({ catalog, dbSchema, table }: TableName): DuckDBValue[] {
  return [catalog ?? null, dbSchema ?? null, table];
}
