import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { writeSchema } from "../arrow/encapsulated.ts";
import {
  type CommandStatementQuery,
  CommandStatementQuerySchema,
  DoPutUpdateResultSchema,
  type TicketStatementQuery,
  TicketStatementQuerySchema,
} from "../gen/FlightSql_pb.ts";
import type { Backend, Call, Command, Info, PutAnswer, Result, SqlCommand, Ticket, Upload } from "./backend.ts";
import { recordBatches } from "./duckdb/batches.ts";
import { catalogs, dbSchemas, tables, tableTypes } from "./duckdb/catalog.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./duckdb/database.ts";
import { duckdbError } from "./duckdb/errors.ts";
import { sqlInfo } from "./duckdb/sqlinfo.ts";
import { openCursor, parseScript, runStatement, statementLayout } from "./duckdb/statement.ts";
import { writeAny } from "./messages.ts";
import { unimplemented } from "./routes.ts";
import { rowsResult } from "./rows.ts";
import { metadataSchemas } from "./schemas.ts";

export type { DatabaseOptions as DuckDbOptions } from "./duckdb/database.ts";

/**
 * A backend over an embedded DuckDB; needs the package `@duckdb/node-api`.
 *
 * Results stream: the first batch goes out before the query is done, DuckDB waits while the client does not read, and
 * stops when it goes away. Each statement has a connection of its own.
 *
 * @throws Error when the database or one of the files cannot be opened
 */
export async function duckdbBackend(options: DatabaseOptions = {}): Promise<Backend & { close(): Promise<void> }> {
  return new DuckDbBackend(await openDatabase(options));
}

class DuckDbBackend implements Backend {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getFlightInfo(command: Command, call: Call): Promise<Info> {
    const message = sqlOf(command);
    if (message.$typeName === "arrow.flight.protocol.sql.CommandStatementQuery") return this.#plan(message);
    const { schema } = await this.#metadata(message, call);
    return info(schema && writeSchema(schema), writeAny(message));
  }

  async doGet(ticket: Ticket, call: Call): Promise<Result> {
    if (ticket.kind !== "sql") throw unknownTicket();
    const { message } = ticket;
    if (message.$typeName === "arrow.flight.protocol.sql.TicketStatementQuery") {
      return this.#query(readHandle(message), call.signal);
    }
    return this.#metadata(message, call);
  }

  async *doPut(command: Command, _upload: Upload, call: Call): AsyncGenerator<PutAnswer, void, undefined> {
    const message = sqlOf(command);
    if (message.$typeName !== "arrow.flight.protocol.sql.CommandStatementUpdate")
      throw unimplemented(shortName(message));
    refuseTransaction(message.transactionId);
    const recordCount = await this.#update(message.query, call.signal);
    yield create(DoPutUpdateResultSchema, { recordCount });
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  /** Runs nothing. A text of several statements has a last one that may need those before it: its schema comes later. */
  async #plan(command: CommandStatementQuery): Promise<Info> {
    refuseTransaction(command.transactionId);
    const schema = await this.#database.use(async (connection) => {
      const script = await parseScript(connection, command.query, this.#database.locked);
      if (script.count > 1) return undefined;
      const statement = await script.prepare(0);
      try {
        return statementLayout(statement).schema;
      } finally {
        statement.destroySync();
      }
    });
    return info(schema && writeSchema(schema), writeAny(writeHandle(command)));
  }

  async #query({ query }: CommandStatementQuery, signal: AbortSignal): Promise<Result> {
    const connection = await this.#database.connect();
    try {
      const script = await parseScript(connection, query, this.#database.locked);
      for (let i = 0; i < script.count - 1; i++) {
        const statement = await script.prepare(i);
        await runStatement(connection, statement, signal).finally(() => statement.destroySync());
      }
      const statement = await script.prepare(script.count - 1);
      const layout = statementLayout(statement);
      const cursor = openCursor(connection, statement, script.count === 1 ? query : undefined, signal);
      let closed: Promise<void> | undefined;
      const close = () => {
        signal.removeEventListener("abort", close);
        closed ??= cursor.close().then(() => connection.closeSync());
        return closed;
      };
      // A reader that leaves before the first batch never starts the generator, and so never ends it.
      signal.addEventListener("abort", close, { once: true });
      return {
        schema: layout.schema,
        chunks: (async function* () {
          try {
            for await (const batch of recordBatches(layout, cursor.fetch)) yield { batch };
          } finally {
            await close();
          }
        })(),
      };
    } catch (reason) {
      connection.closeSync();
      throw duckdbError(reason);
    }
  }

  #update(sql: string, signal: AbortSignal): Promise<bigint> {
    return this.#database.use(async (connection) => {
      const script = await parseScript(connection, sql, this.#database.locked);
      let total = 0;
      for (let i = 0; i < script.count; i++) {
        const statement = await script.prepare(i);
        const count = await runStatement(connection, statement, signal).finally(() => statement.destroySync());
        // Rows returned are not rows changed: then the sum is unknown.
        total = count < 0 || total < 0 ? -1 : total + count;
      }
      return BigInt(total);
    });
  }

  #metadata(message: SqlCommand, _call: Call): Promise<Result> {
    return this.#database.use(async (connection) => {
      switch (message.$typeName) {
        case "arrow.flight.protocol.sql.CommandGetCatalogs":
          return catalogs(connection);
        case "arrow.flight.protocol.sql.CommandGetDbSchemas":
          return dbSchemas(connection, message);
        case "arrow.flight.protocol.sql.CommandGetTables":
          return tables(connection, message);
        case "arrow.flight.protocol.sql.CommandGetTableTypes":
          return rowsResult(metadataSchemas.tableTypes, [tableTypes]);
        case "arrow.flight.protocol.sql.CommandGetSqlInfo":
          return sqlInfo(message.info);
        default:
          throw unimplemented(shortName(message));
      }
    });
  }
}

/*
 * A statement's ticket holds all it takes to run it: 16 random bytes, by which it can be told from another of the same
 * text, then the command. Any server over the same database could redeem it.
 */
const idBytes = 16;

function writeHandle(command: CommandStatementQuery): TicketStatementQuery {
  const bytes = toBinary(CommandStatementQuerySchema, command);
  return create(TicketStatementQuerySchema, { statementHandle: Buffer.concat([randomBytes(idBytes), bytes]) });
}

function readHandle({ statementHandle }: TicketStatementQuery): CommandStatementQuery {
  try {
    if (statementHandle.byteLength < idBytes) throw unknownTicket();
    return fromBinary(CommandStatementQuerySchema, statementHandle.subarray(idBytes));
  } catch {
    throw unknownTicket();
  }
}

/** One endpoint without a location: to be read where it was planned. How much it will be, DuckDB does not say. */
function info(schema: Uint8Array | undefined, ticket: Uint8Array): Info {
  return {
    ...(schema && { schema }),
    endpoint: [{ ticket: { ticket } }],
    totalRecords: -1n,
    totalBytes: -1n,
    // One endpoint is always in order.
    ordered: true,
  };
}

function sqlOf(command: Command): SqlCommand {
  if (command.kind === "sql") return command.message;
  throw new ConnectError("This server takes Flight SQL commands only.", Code.InvalidArgument);
}

function shortName(message: SqlCommand): string {
  return message.$typeName.slice(message.$typeName.lastIndexOf(".") + 1);
}

function unknownTicket(): ConnectError {
  return new ConnectError("The ticket is none of this server's.", Code.InvalidArgument);
}

function refuseTransaction(id: Uint8Array | undefined): void {
  if (id !== undefined) throw new ConnectError("There is no such transaction.", Code.NotFound);
}
