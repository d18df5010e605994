import type { Schema } from "apache-arrow";
import * as calls from "../flight/calls.ts";
import { FlightClient } from "../flight/client.ts";
import { Connection } from "../flight/connection.ts";
import type { FlightEndpoint, FlightInfo } from "../flight/model.ts";
import { type ClientOptions, type Platform, resolveOptions } from "../flight/options.ts";
import type { FlightStreamReader } from "../flight/reader.ts";
import type { CallOptions } from "../flight/scope.ts";
import type { CancelResult, CloseSessionResult, SessionOptionError, SessionOptionValue } from "../flight/session.ts";
import {
  CommandGetCatalogsSchema,
  CommandGetCrossReferenceSchema,
  CommandGetDbSchemasSchema,
  CommandGetExportedKeysSchema,
  CommandGetImportedKeysSchema,
  CommandGetPrimaryKeysSchema,
  CommandGetSqlInfoSchema,
  CommandGetTablesSchema,
  CommandGetTableTypesSchema,
  CommandGetXdbcTypeInfoSchema,
} from "../gen/FlightSql_pb.ts";
import { cancelQuery } from "./cancel.ts";
import { readSqlInfo, type SqlInfoValue } from "./info.ts";
import { type DbSchemaFilter, type TableFilter, type TableRef, TablesResult, toCrossReference } from "./metadata.ts";
import type { QueryOptions } from "./progress.ts";
import type { QueryResult } from "./result.ts";
import { Statements } from "./statements.ts";
import { beginTransaction, inTransaction, type Transaction } from "./transaction.ts";

/** The client without its platform; `flightsql`, `flightsql/node` and `flightsql/web` export it with theirs. */
export class FlightSqlClient extends Statements {
  /** Arrow Flight itself, below SQL. */
  readonly flight: FlightClient;
  /** The `features` of the options, for adapters. */
  readonly features: Readonly<Record<string, string>>;

  constructor(options: string | ClientOptions, platform: Platform) {
    const connection = new Connection(resolveOptions(options, platform), calls.handshake);
    super(connection, undefined);
    this.flight = new FlightClient(connection);
    this.features = typeof options === "string" ? {} : (options.features ?? {});
  }

  /** The second step of the protocol, DoGet: reads a ticket from this client's server, or an endpoint from wherever it says. */
  doGet(source: Uint8Array | FlightEndpoint, options: CallOptions = {}): FlightStreamReader {
    return this.flight.doGet(source, options);
  }

  /**
   * Runs `body` in a transaction: commits when it returns, rolls back and rethrows when it throws.
   *
   * @example
   * ```ts
   * import { FlightSqlClient } from "flightsql";
   *
   * const client = new FlightSqlClient("http://127.0.0.1:31337");
   * try {
   *   await client.transaction(async (tx) => {
   *     await tx.executeUpdate("CREATE TABLE IF NOT EXISTS visits (n INTEGER)");
   *     await tx.executeUpdate("INSERT INTO visits VALUES (?)", [1]);
   *   });
   * } finally {
   *   await client.close();
   * }
   * ```
   */
  transaction<T>(body: (tx: Transaction) => Promise<T>, options: CallOptions = {}): Promise<T> {
    return inTransaction(this.connection, body, options);
  }

  /** A transaction to end yourself. */
  beginTransaction(options: CallOptions = {}): Promise<Transaction> {
    return beginTransaction(this.connection, options);
  }

  // The metadata commands. Each has its fixed result columns, and a get…Schema that asks the server for them.

  /** Catalogs: `catalog_name`. `CommandGetCatalogs`. */
  getCatalogs(options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetCatalogsSchema, {}, options);
  }

  getCatalogsSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetCatalogsSchema, {}, options);
  }

  /** Schemas: `catalog_name`, `db_schema_name`. `CommandGetDbSchemas`. */
  getDbSchemas(filter: DbSchemaFilter = {}, options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetDbSchemasSchema, filter, options);
  }

  getDbSchemasSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetDbSchemasSchema, {}, options);
  }

  /**
   * Tables: `catalog_name`, `db_schema_name`, `table_name`, `table_type` and, with `includeSchema`, `table_schema`, an
   * Arrow schema as bytes; `tables()` gives it decoded. `CommandGetTables`.
   */
  getTables(filter: TableFilter = {}, options: QueryOptions = {}): TablesResult {
    return new TablesResult(this.connection, options, this.planOf(CommandGetTablesSchema, filter, options));
  }

  getTablesSchema(filter: Pick<TableFilter, "includeSchema"> = {}, options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetTablesSchema, filter, options);
  }

  /** Kinds of tables that the server has: `table_type`. `CommandGetTableTypes`. */
  getTableTypes(options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetTableTypesSchema, {}, options);
  }

  getTableTypesSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetTableTypesSchema, {}, options);
  }

  /** Columns of a primary key: `catalog_name`, `db_schema_name`, `table_name`, `column_name`, `key_sequence`, `key_name`. `CommandGetPrimaryKeys`. */
  getPrimaryKeys(table: TableRef, options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetPrimaryKeysSchema, table, options);
  }

  getPrimaryKeysSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetPrimaryKeysSchema, {}, options);
  }

  /** Foreign keys of other tables that point at a table: `pk_…` and `fk_…` columns. `CommandGetExportedKeys`. */
  getExportedKeys(table: TableRef, options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetExportedKeysSchema, table, options);
  }

  getExportedKeysSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetExportedKeysSchema, {}, options);
  }

  /** Foreign keys of a table itself. `CommandGetImportedKeys`. */
  getImportedKeys(table: TableRef, options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetImportedKeysSchema, table, options);
  }

  getImportedKeysSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetImportedKeysSchema, {}, options);
  }

  /** Foreign keys of `foreign` that point at `primary`. `CommandGetCrossReference`. */
  getCrossReference(primary: TableRef, foreign: TableRef, options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetCrossReferenceSchema, toCrossReference(primary, foreign), options);
  }

  getCrossReferenceSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetCrossReferenceSchema, {}, options);
  }

  /** Types that the server has, with XDBC's names and limits; one type by its number. `CommandGetXdbcTypeInfo`. */
  getXdbcTypeInfo(dataType?: number, options: QueryOptions = {}): QueryResult {
    return this.command(CommandGetXdbcTypeInfoSchema, dataType === undefined ? {} : { dataType }, options);
  }

  getXdbcTypeInfoSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetXdbcTypeInfoSchema, {}, options);
  }

  /**
   * What the server says of itself and its SQL, by SqlInfo number. `CommandGetSqlInfo`.
   *
   * @param ids numbers of `SqlInfo`; all that the server has by default. Those that it does not know are missing
   */
  getSqlInfo(ids: readonly number[] = [], options: QueryOptions = {}): Promise<Map<number, SqlInfoValue>> {
    return readSqlInfo(ids, (some) => this.command(CommandGetSqlInfoSchema, { info: [...some] }, options));
  }

  getSqlInfoSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.schemaOf(CommandGetSqlInfoSchema, {}, options);
  }

  /** Stops the query behind a FlightInfo at its server. `CancelFlightInfo`, or `CancelQuery` where that is unknown. */
  cancel(info: FlightInfo, options: CallOptions = {}): Promise<CancelResult> {
    return cancelQuery(this.connection, info, options);
  }

  /** Sets options of the server's session. Returns those that were not set, and why. */
  setSessionOptions(
    values: Readonly<Record<string, SessionOptionValue>>,
    options: CallOptions = {},
  ): Promise<Map<string, SessionOptionError>> {
    return this.flight.setSessionOptions(values, options);
  }

  /** The options of the server's session. */
  getSessionOptions(options: CallOptions = {}): Promise<Map<string, SessionOptionValue>> {
    return this.flight.getSessionOptions(options);
  }

  /** Ends the server's session, not the client. */
  closeSession(options: CallOptions = {}): Promise<CloseSessionResult> {
    return this.flight.closeSession(options);
  }

  /** Ends the calls under way, which fail with `canceled`, and closes the connections. Idempotent. */
  async close(): Promise<void> {
    this.connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
