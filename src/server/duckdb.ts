import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { RecordBatch } from "apache-arrow";
import { writeSchema } from "../arrow/encapsulated.ts";
import { CancelFlightInfoResultSchema, CancelStatus, type FlightInfo, FlightInfoSchema } from "../gen/Flight_pb.ts";
import {
  type ActionBeginTransactionResult,
  ActionBeginTransactionResultSchema,
  ActionCancelQueryResultSchema,
  type ActionCreatePreparedStatementRequest,
  type ActionCreatePreparedStatementResult,
  ActionCreatePreparedStatementResultSchema,
  type ActionEndTransactionRequest,
  ActionCancelQueryResult_CancelResult as CancelResult,
  type CommandPreparedStatementQuery,
  CommandPreparedStatementQuerySchema,
  type CommandPreparedStatementUpdate,
  DoPutPreparedStatementResultSchema,
  DoPutUpdateResultSchema,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from "../gen/FlightSql_pb.ts";
import type {
  Action,
  ActionAnswer,
  Backend,
  Call,
  Command,
  Info,
  PutAnswer,
  Result,
  SqlCommand,
  Ticket,
  Upload,
} from "./backend.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./duckdb/database.ts";
import { duckdbError } from "./duckdb/errors.ts";
import { ingest } from "./duckdb/ingest.ts";
import { Lane } from "./duckdb/lane.ts";
import { maxParameterBytes, preparedIdleMs, transactionIdleMs } from "./duckdb/limits.ts";
import { metadata } from "./duckdb/metadata.ts";
import { describe, Prepared } from "./duckdb/prepared.ts";
import { runQuery, runUpdate } from "./duckdb/query.ts";
import { Registry } from "./duckdb/registry.ts";
import { Running } from "./duckdb/running.ts";
import { Sessions } from "./duckdb/sessions.ts";
import { parseScript, statementLayout } from "./duckdb/statement.ts";
import { type ReadCommand, readHandle, readTicket, unknownTicket, withBinding, writeTicket } from "./duckdb/tickets.ts";
import { readTicket as readTicketMessage, writeAny } from "./messages.ts";
import { unimplemented } from "./routes.ts";

export type { DatabaseOptions as DuckDbOptions } from "./duckdb/database.ts";

/**
 * A backend over an embedded DuckDB; needs the package `@duckdb/node-api`.
 *
 * Results stream: the first batch goes out before the query is done, DuckDB waits while the client does not read, and
 * stops when it goes away. Each statement has a connection of its own, those of a transaction share one. What nobody
 * uses is dropped: a transaction is rolled back after 5 minutes, a prepared statement closed after 30, a session ended
 * after 30.
 *
 * @throws Error when the database or one of the files cannot be opened
 */
export async function duckdbBackend(options: DatabaseOptions = {}): Promise<Backend & { close(): Promise<void> }> {
  return new DuckDbBackend(await openDatabase(options));
}

class DuckDbBackend implements Backend {
  readonly #database: Database;
  readonly #transactions: Registry<Lane>;
  readonly #prepared: Registry<Prepared>;
  readonly #sessions = new Sessions();
  readonly #running = new Running();
  readonly actions = [
    { type: "BeginTransaction", description: "Begins a transaction." },
    { type: "EndTransaction", description: "Commits a transaction, or rolls it back." },
    { type: "CreatePreparedStatement", description: "Prepares a statement." },
    { type: "ClosePreparedStatement", description: "Closes a prepared statement." },
    { type: "CancelFlightInfo", description: "Stops a query." },
    { type: "CancelQuery", description: "Stops a query; CancelFlightInfo by its former name." },
    { type: "SetSessionOptions", description: "Sets catalog or schema of a session." },
    { type: "GetSessionOptions", description: "Gives the options that were set." },
    { type: "CloseSession", description: "Ends a session." },
  ];

  constructor(database: Database) {
    this.#database = database;
    const drop = (lane: Lane) => void lane.use(async (connection) => connection.closeSync());
    this.#transactions = new Registry({ what: "transaction", idleMs: transactionIdleMs, limit: 1000, drop });
    this.#prepared = new Registry({ what: "prepared statement", idleMs: preparedIdleMs, limit: 10_000 });
  }

  async getFlightInfo(command: Command, call: Call): Promise<Info> {
    const message = sqlOf(command);
    switch (message.$typeName) {
      case "arrow.flight.protocol.sql.CommandStatementQuery":
        return this.#plan(message.query, message.transactionId, message, call);
      case "arrow.flight.protocol.sql.CommandPreparedStatementQuery": {
        const { id, prepared, binding } = this.#find(message);
        const bound = create(CommandPreparedStatementQuerySchema, {
          preparedStatementHandle: withBinding(id, binding),
        });
        return this.#plan(prepared.sql, prepared.transactionId, bound, call);
      }
      default: {
        const { schema } = await this.#metadata(message, call);
        return info(schema && writeSchema(schema), writeAny(message));
      }
    }
  }

  async doGet(ticket: Ticket, call: Call): Promise<Result> {
    if (ticket.kind !== "sql") throw unknownTicket();
    const { message } = ticket;
    if (message.$typeName !== "arrow.flight.protocol.sql.TicketStatementQuery") return this.#metadata(message, call);
    const { id, command } = readTicket(message);
    const { signal, end } = this.#running.start(id, call.signal);
    try {
      const { sql, transactionId, parameters } = this.#toRun(command);
      const { lane, release } = await this.#lane(transactionId, call);
      const { locked } = this.#database;
      return await runQuery({ lane, sql, parameters, locked, signal }, () => {
        end();
        release();
      });
    } catch (reason) {
      end();
      throw reason;
    }
  }

  async *doPut(command: Command, upload: Upload, call: Call): AsyncGenerator<PutAnswer, void, undefined> {
    const message = sqlOf(command);
    const { locked } = this.#database;
    const { signal } = call;
    let recordCount: bigint;
    switch (message.$typeName) {
      case "arrow.flight.protocol.sql.CommandStatementUpdate": {
        const { query: sql, transactionId } = message;
        recordCount = await this.#with(transactionId, call, (lane) => runUpdate({ lane, sql, locked, signal }));
        break;
      }
      case "arrow.flight.protocol.sql.CommandPreparedStatementQuery": {
        const { id, prepared } = this.#find(message);
        prepared.bind(await readAll(upload));
        yield create(DoPutPreparedStatementResultSchema, { preparedStatementHandle: id });
        return;
      }
      case "arrow.flight.protocol.sql.CommandPreparedStatementUpdate":
        recordCount = await this.#updatePrepared(message, upload, call);
        break;
      case "arrow.flight.protocol.sql.CommandStatementIngest":
        recordCount = await this.#with(message.transactionId, call, (lane) =>
          atomic(lane, () => ingest(lane, message, upload, signal)),
        );
        break;
      default:
        throw unimplemented(shortName(message));
    }
    yield create(DoPutUpdateResultSchema, { recordCount });
  }

  async *doAction(action: Action, call: Call): AsyncGenerator<ActionAnswer, void, undefined> {
    if (action.kind !== "standard") throw unimplemented(`Action ${action.type}`);
    const { request } = action;
    switch (request.$typeName) {
      case "arrow.flight.protocol.sql.ActionBeginTransactionRequest":
        yield await this.#begin(call);
        return;
      case "arrow.flight.protocol.sql.ActionEndTransactionRequest":
        await this.#end(request);
        return;
      case "arrow.flight.protocol.sql.ActionCreatePreparedStatementRequest":
        yield await this.#prepare(request, call);
        return;
      case "arrow.flight.protocol.sql.ActionClosePreparedStatementRequest":
        this.#prepared.take(readHandle(request.preparedStatementHandle).id);
        return;
      case "arrow.flight.protocol.CancelFlightInfoRequest": {
        const status = this.#cancel(request.info) ? CancelStatus.CANCELLED : CancelStatus.NOT_CANCELLABLE;
        yield create(CancelFlightInfoResultSchema, { status });
        return;
      }
      case "arrow.flight.protocol.sql.ActionCancelQueryRequest": {
        const stopped = this.#cancel(readInfo(request.info));
        const result = stopped ? CancelResult.CANCELLED : CancelResult.NOT_CANCELLABLE;
        yield create(ActionCancelQueryResultSchema, { result });
        return;
      }
      case "arrow.flight.protocol.SetSessionOptionsRequest":
        yield await this.#database.use((connection) => this.#sessions.set(request, call, connection));
        return;
      case "arrow.flight.protocol.GetSessionOptionsRequest":
        yield this.#sessions.get(call);
        return;
      case "arrow.flight.protocol.CloseSessionRequest":
        yield this.#sessions.end(call);
        return;
      default:
        throw unimplemented(`Action ${action.type}`);
    }
  }

  async close(): Promise<void> {
    this.#transactions.close();
    this.#prepared.close();
    this.#sessions.close();
    this.#database.close();
  }

  /** Runs nothing. A text of several statements has a last one that may need those before it: its schema comes later. */
  async #plan(sql: string, transactionId: Uint8Array | undefined, command: ReadCommand, call: Call): Promise<Info> {
    const schema = await this.#with(transactionId, call, (lane) =>
      lane.use(async (connection) => {
        const script = await parseScript(connection, sql, this.#database.locked);
        if (script.count > 1) return undefined;
        const statement = await script.prepare(0);
        try {
          return statementLayout(statement)?.schema;
        } finally {
          statement.destroySync();
        }
      }),
    );
    return info(schema && writeSchema(schema), writeAny(writeTicket(command)));
  }

  #toRun(command: ReadCommand): {
    sql: string;
    transactionId: Uint8Array | undefined;
    parameters?: readonly RecordBatch[] | undefined;
  } {
    if (command.$typeName === "arrow.flight.protocol.sql.CommandStatementQuery")
      return { sql: command.query, transactionId: command.transactionId };
    const { prepared, binding } = this.#find(command);
    const { sql, transactionId } = prepared;
    return { sql, transactionId, parameters: prepared.parameters(binding) };
  }

  #find({ preparedStatementHandle }: CommandPreparedStatementQuery | CommandPreparedStatementUpdate) {
    const { id, binding } = readHandle(preparedStatementHandle);
    const prepared = this.#prepared.get(id);
    return { id, prepared, binding: binding ?? prepared.bound };
  }

  async #updatePrepared(command: CommandPreparedStatementUpdate, upload: Upload, call: Call): Promise<bigint> {
    const { prepared, binding } = this.#find(command);
    const given = await readAll(upload);
    // Some clients bind first, as for a query, and then run the update without data. Neither gives rows without columns.
    const hasColumns = (given[0]?.schema.fields.length ?? 0) > 0;
    const parameters = hasColumns ? given : prepared.parameters(binding);
    const { sql, transactionId } = prepared;
    const execution = { sql, parameters, locked: this.#database.locked, signal: call.signal };
    const rows = parameters?.reduce((sum, batch) => sum + batch.numRows, 0) ?? 1;
    return await this.#with(transactionId, call, (lane) => {
      const run = () => runUpdate({ lane, ...execution });
      return rows > 1 ? atomic(lane, run) : run();
    });
  }

  async #prepare(
    { query: sql, transactionId }: ActionCreatePreparedStatementRequest,
    call: Call,
  ): Promise<ActionCreatePreparedStatementResult> {
    const { dataset, parameters, isUpdate } = await this.#with(transactionId, call, (lane) =>
      lane.use((connection) => describe(connection, sql, this.#database.locked)),
    );
    return create(ActionCreatePreparedStatementResultSchema, {
      preparedStatementHandle: this.#prepared.add(new Prepared(sql, transactionId)),
      ...(dataset && { datasetSchema: writeSchema(dataset) }),
      parameterSchema: writeSchema(parameters),
      ...(isUpdate !== undefined && { isUpdate }),
    });
  }

  async #begin(call: Call): Promise<ActionBeginTransactionResult> {
    const connection = await this.#connect(call);
    try {
      await connection.run("BEGIN TRANSACTION");
      const transactionId = this.#transactions.add(new Lane(connection, true));
      return create(ActionBeginTransactionResultSchema, { transactionId });
    } catch (reason) {
      connection.closeSync();
      throw duckdbError(reason);
    }
  }

  async #end({ transactionId, action }: ActionEndTransactionRequest): Promise<void> {
    if (action !== EndTransaction.COMMIT && action !== EndTransaction.ROLLBACK)
      throw new ConnectError("A transaction ends by commit or by rollback.", Code.InvalidArgument);
    await this.#transactions.take(transactionId).use(async (connection) => {
      try {
        await connection.run(action === EndTransaction.COMMIT ? "COMMIT" : "ROLLBACK");
      } catch (reason) {
        throw duckdbError(reason);
      } finally {
        connection.closeSync();
      }
    });
  }

  /** Whether there was a query to stop. */
  #cancel(flight: FlightInfo | undefined): boolean {
    const ids = (flight?.endpoint ?? []).flatMap(({ ticket }) => {
      const read = readTicketMessage(ticket?.ticket ?? new Uint8Array(0));
      const isQuery =
        read.kind === "sql" && read.message.$typeName === "arrow.flight.protocol.sql.TicketStatementQuery";
      return isQuery ? [readTicket(read.message).id] : [];
    });
    for (const id of ids) this.#running.cancel(id);
    return ids.length > 0;
  }

  async #connect(call: Call): Promise<DuckDBConnection> {
    const connection = await this.#database.connect();
    try {
      await this.#sessions.apply(connection, call);
      return connection;
    } catch (reason) {
      connection.closeSync();
      throw duckdbError(reason);
    }
  }

  /** The connection to work on: the transaction's, or one of its own. */
  async #lane(transactionId: Uint8Array | undefined, call: Call): Promise<{ lane: Lane; release: () => void }> {
    if (transactionId !== undefined) {
      const { value: lane, release } = this.#transactions.borrow(transactionId);
      return { lane, release };
    }
    const connection = await this.#connect(call);
    return { lane: new Lane(connection, false), release: () => connection.closeSync() };
  }

  async #with<T>(transactionId: Uint8Array | undefined, call: Call, work: (lane: Lane) => Promise<T>): Promise<T> {
    const { lane, release } = await this.#lane(transactionId, call);
    try {
      return await work(lane);
    } catch (reason) {
      throw duckdbError(reason);
    } finally {
      release();
    }
  }

  async #metadata(message: SqlCommand, call: Call): Promise<Result> {
    const connection = await this.#connect(call);
    try {
      return await metadata(connection, message);
    } finally {
      connection.closeSync();
    }
  }
}

/** All or nothing: in a transaction of its own, unless it is part of one. */
async function atomic<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
  if (lane.shared) return await work();
  await lane.connection.run("BEGIN TRANSACTION");
  try {
    const value = await work();
    await lane.connection.run("COMMIT");
    return value;
  } catch (reason) {
    // It may be over already, as after a commit that failed.
    await lane.connection.run("ROLLBACK").catch(() => {});
    throw reason;
  }
}

async function readAll(upload: Upload): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  let bytes = 0;
  await upload.schema();
  for await (const { batch } of upload) {
    if (!batch) continue;
    bytes += batch.data.byteLength;
    if (bytes > maxParameterBytes) {
      throw new ConnectError(
        `Parameters may be ${maxParameterBytes >> 20} MiB at most: use ingest for more.`,
        Code.ResourceExhausted,
      );
    }
    batches.push(batch);
  }
  return batches;
}

function readInfo(bytes: Uint8Array): FlightInfo {
  try {
    return fromBinary(FlightInfoSchema, bytes);
  } catch {
    throw new ConnectError("CancelQuery needs the FlightInfo of the query.", Code.InvalidArgument);
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
