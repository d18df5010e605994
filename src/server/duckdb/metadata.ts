import type { DuckDBConnection } from "@duckdb/node-api";
import type { Result, SqlCommand } from "../backend.ts";
import { unimplemented } from "../routes.ts";
import { rowsResult } from "../rows.ts";
import { metadataSchemas } from "../schemas.ts";
import { catalogs, dbSchemas, tables, tableTypes } from "./catalog.ts";
import { crossReference, exportedKeys, importedKeys, primaryKeys } from "./keys.ts";
import { sqlInfo } from "./sqlinfo.ts";
import { xdbcTypeInfo } from "./xdbc.ts";

/** The answer to a metadata command. */
export async function metadata(connection: DuckDBConnection, message: SqlCommand): Promise<Result> {
  switch (message.$typeName) {
    case "arrow.flight.protocol.sql.CommandGetCatalogs":
      return catalogs(connection);
    case "arrow.flight.protocol.sql.CommandGetDbSchemas":
      return dbSchemas(connection, message);
    case "arrow.flight.protocol.sql.CommandGetTables":
      return tables(connection, message);
    case "arrow.flight.protocol.sql.CommandGetTableTypes":
      return rowsResult(metadataSchemas.tableTypes, [tableTypes]);
    case "arrow.flight.protocol.sql.CommandGetPrimaryKeys":
      return primaryKeys(connection, message);
    case "arrow.flight.protocol.sql.CommandGetExportedKeys":
      return exportedKeys(connection, message);
    case "arrow.flight.protocol.sql.CommandGetImportedKeys":
      return importedKeys(connection, message);
    case "arrow.flight.protocol.sql.CommandGetCrossReference":
      return crossReference(connection, message);
    case "arrow.flight.protocol.sql.CommandGetXdbcTypeInfo":
      return xdbcTypeInfo(message);
    case "arrow.flight.protocol.sql.CommandGetSqlInfo":
      return sqlInfo(connection, message.info);
    default:
      throw unimplemented(message.$typeName.slice(message.$typeName.lastIndexOf(".") + 1));
  }
}
