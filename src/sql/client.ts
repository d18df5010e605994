import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import * as calls from "../flight/calls.ts";
import { FlightClient } from "../flight/client.ts";
import { Connection } from "../flight/connection.ts";
import { type FlightEndpoint, type FlightInfo, fromInfo } from "../flight/model.ts";
import { type ClientOptions, type Platform, resolveOptions } from "../flight/options.ts";
import type { FlightStreamReader } from "../flight/reader.ts";
import type { CallOptions } from "../flight/scope.ts";
import type { CancelResult, CloseSessionResult, SessionOptionError, SessionOptionValue } from "../flight/session.ts";
import {
  CommandGetCatalogsSchema,
  CommandGetDbSchemasSchema,
  CommandGetTablesSchema,
  CommandStatementQuerySchema,
  CommandStatementUpdateSchema,
} from "../gen/FlightSql_pb.ts";
import { cancelQuery } from "./cancel.ts";
import { toDescriptor } from "./command.ts";
import type { QueryOptions } from "./progress.ts";
import { QueryResult } from "./result.ts";
import { runUpdate } from "./update.ts";

/** The client without its platform; `flightsql`, `flightsql/node` and `flightsql/web` export it with theirs. */
export class FlightSqlClient {
  /** Arrow Flight itself, below SQL. */
  readonly flight: FlightClient;
  /** The `features` of the options, for adapters. */
  readonly features: Readonly<Record<string, string>>;
  readonly #connection: Connection;

  constructor(options: string | ClientOptions, platform: Platform) {
    this.#connection = new Connection(resolveOptions(options, platform), calls.handshake);
    this.flight = new FlightClient(this.#connection);
    this.features = typeof options === "string" ? {} : (options.features ?? {});
  }

  /**
   * The first of the protocol's two steps: GetFlightInfo of a query. Fetch the endpoints with `doGet`.
   *
   * Some servers run nothing until then: a statement that is executed but not fetched may have no effect.
   */
  execute(sql: string, options: CallOptions = {}): Promise<FlightInfo> {
    return this.#connection.run(options, async (scope) => {
      return fromInfo(
        await calls.getFlightInfo(this.#connection, scope, toDescriptor(CommandStatementQuerySchema, { query: sql })),
      );
    });
  }

  /** The second step, DoGet: reads a ticket from this client's server, or an endpoint from wherever it says. */
  doGet(source: Uint8Array | FlightEndpoint, options: CallOptions = {}): FlightStreamReader {
    return this.flight.doGet(source, options);
  }

  /** Both steps: runs a query and reads all of its endpoints. Nothing is sent before the result is asked for something. */
  query(sql: string, _params?: undefined, options: QueryOptions = {}): QueryResult {
    return this.#command(CommandStatementQuerySchema, { query: sql }, options);
  }

  /**
   * Runs a statement that changes data or definitions. `CommandStatementUpdate` by DoPut.
   *
   * @returns how many rows it changed; -1n when the server does not know
   */
  executeUpdate(sql: string, _params?: undefined, options: CallOptions = {}): Promise<bigint> {
    const descriptor = toDescriptor(CommandStatementUpdateSchema, { query: sql });
    return this.#connection.run(options, (scope) => runUpdate(this.#connection, scope, descriptor));
  }

  /** Catalogs: `catalog_name`. `CommandGetCatalogs`. */
  getCatalogs(options: QueryOptions = {}): QueryResult {
    return this.#command(CommandGetCatalogsSchema, {}, options);
  }

  /**
   * Schemas: `catalog_name`, `db_schema_name`. `CommandGetDbSchemas`.
   *
   * @param filter catalog by name (`""` for those without one), schemas by a LIKE pattern
   */
  getDbSchemas(filter: DbSchemaFilter = {}, options: QueryOptions = {}): QueryResult {
    return this.#command(CommandGetDbSchemasSchema, filter, options);
  }

  /**
   * Tables: `catalog_name`, `db_schema_name`, `table_name`, `table_type` and, with `includeSchema`, `table_schema`, an
   * Arrow schema as bytes. `CommandGetTables`.
   */
  getTables(filter: TableFilter = {}, options: QueryOptions = {}): QueryResult {
    return this.#command(CommandGetTablesSchema, filter, options);
  }

  /** Stops the query behind a FlightInfo at its server. */
  cancel(info: FlightInfo, options: CallOptions = {}): Promise<CancelResult> {
    return cancelQuery(this.#connection, info, options);
  }

  /** Sets options of the server's session. Returns those that were not set, and why. */
  setSessionOptions(
    values: Readonly<Record<string, SessionOptionValue>>,
    options: CallOptions = {},
  ): Promise<Map<string, SessionOptionError>> {
    return this.flight.setSessionOptions(values, options);
  }

  getSessionOptions(options: CallOptions = {}): Promise<Map<string, SessionOptionValue>> {
    return this.flight.getSessionOptions(options);
  }

  /** Ends the server's session, not the client. */
  closeSession(options: CallOptions = {}): Promise<CloseSessionResult> {
    return this.flight.closeSession(options);
  }

  /** Ends the calls under way, which fail with `canceled`, and closes the connections. Idempotent. */
  async close(): Promise<void> {
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #command<T extends DescMessage>(command: T, fields: MessageInitShape<T>, options: QueryOptions): QueryResult {
    return new QueryResult(this.#connection, options, {
      info: async (scope) =>
        fromInfo(await calls.getFlightInfo(this.#connection, scope, toDescriptor(command, fields))),
    });
  }
}

export interface DbSchemaFilter {
  catalog?: string;
  /** `%` is any run of characters, `_` any one. */
  dbSchemaFilterPattern?: string;
}

export interface TableFilter extends DbSchemaFilter {
  /** `%` is any run of characters, `_` any one. */
  tableNameFilterPattern?: string;
  /** As `getTableTypes` lists them. Default: all. */
  tableTypes?: string[];
  /** Adds the column `table_schema`. Default `false`. */
  includeSchema?: boolean;
}
