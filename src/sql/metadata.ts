import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Schema } from "apache-arrow";
import { readSchema } from "../arrow/encapsulated.ts";
import type { CommandGetCrossReferenceSchema } from "../gen/FlightSql_pb.ts";
import { QueryResult } from "./result.ts";

/** Which schemas. What is left out does not filter; `""` as a catalog means those without one. */
export interface DbSchemaFilter {
  catalog?: string;
  /** `%` is any run of characters, `_` any one; see `escapeLikePattern`. */
  dbSchemaFilterPattern?: string;
}

/** Which tables. What is left out does not filter. */
export interface TableFilter extends DbSchemaFilter {
  /** `%` is any run of characters, `_` any one; see `escapeLikePattern`. */
  tableNameFilterPattern?: string;
  /** As `getTableTypes` lists them. */
  tableTypes?: string[];
  /** Adds the column `table_schema`. Default `false`. */
  includeSchema?: boolean;
}

/** A table by name. What is left out does not filter; `""` means tables without a catalog or schema. */
export interface TableRef {
  catalog?: string;
  dbSchema?: string;
  table: string;
}

/** A table that a server has. */
export interface TableInfo {
  readonly catalog: string | null;
  readonly dbSchema: string | null;
  readonly name: string;
  readonly type: string;
  /** Its columns, with `includeSchema`; null otherwise. */
  readonly schema: Schema | null;
}

/** What `getTables` answers: a result like any other, or its rows with their schemas decoded. */
export class TablesResult extends QueryResult {
  /** All tables. */
  async tables(): Promise<TableInfo[]> {
    const rows = await this.all<TableRow>();
    return rows.map((row) => ({
      catalog: row.catalog_name,
      dbSchema: row.db_schema_name,
      name: row.table_name,
      type: row.table_type,
      schema: row.table_schema === undefined || row.table_schema === null ? null : readSchema(row.table_schema),
    }));
  }
}

interface TableRow {
  catalog_name: string | null;
  db_schema_name: string | null;
  table_name: string;
  table_type: string;
  table_schema?: Uint8Array | null;
}

/**
 * A name as a pattern that matches nothing else.
 *
 * @param escapeCharacter the server's escape character, SqlInfo 513 (`SQL_SEARCH_STRING_ESCAPE`). Default `\`
 */
export function escapeLikePattern(name: string, escapeCharacter = "\\"): string {
  return [...name].map((c) => (c === "%" || c === "_" || c === escapeCharacter ? escapeCharacter + c : c)).join("");
}

export function toCrossReference(
  primary: TableRef,
  foreign: TableRef,
): MessageInitShape<typeof CommandGetCrossReferenceSchema> {
  return {
    pkTable: primary.table,
    fkTable: foreign.table,
    ...(primary.catalog !== undefined && { pkCatalog: primary.catalog }),
    ...(primary.dbSchema !== undefined && { pkDbSchema: primary.dbSchema }),
    ...(foreign.catalog !== undefined && { fkCatalog: foreign.catalog }),
    ...(foreign.dbSchema !== undefined && { fkDbSchema: foreign.dbSchema }),
  };
}
