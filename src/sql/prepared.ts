import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { RecordBatch, Schema } from "apache-arrow";
import type { ParameterSet } from "../arrow/params.ts";
import { FlightSqlError } from "../errors.ts";
import { readAnswerSchema } from "../flight/answer.ts";
import * as calls from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import { encodeStream } from "../flight/put.ts";
import type { CallOptions, CallScope } from "../flight/scope.ts";
import {
  ActionClosePreparedStatementRequestSchema,
  type ActionCreatePreparedStatementResult,
  ActionCreatePreparedStatementResultSchema,
  CommandPreparedStatementQuerySchema,
  CommandPreparedStatementUpdateSchema,
} from "../gen/FlightSql_pb.ts";
import { packAny, readPreparedResult, toDescriptor, unpackAny } from "./command.ts";
import { type Planned, plan } from "./plan.ts";
import type { QueryOptions } from "./progress.ts";
import { QueryResult } from "./result.ts";
import { runUpdate } from "./update.ts";

/** One set by position (an array) or by name (an object), or many as a record batch or table. */
export type Parameters =
  | ParameterSet
  | RecordBatch
  | { readonly batches: readonly RecordBatch[]; readonly schema: Schema };

/** Asks a server to prepare a statement. */
export async function createStatement<T extends DescMessage>(
  connection: Connection,
  scope: CallScope,
  action: string,
  request: T,
  fields: MessageInitShape<T>,
): Promise<PreparedStatement> {
  const answer = await calls.runAction(connection, scope, action, packAny(request, fields));
  return new PreparedStatement(connection, unpackAny(ActionCreatePreparedStatementResultSchema, answer));
}

// Loaded by the first who needs it: what makes Arrow of values is a quarter of what a page would load only to read.
const writing = (): Promise<typeof import("../arrow/params.ts")> => import("../arrow/params.ts");

// A statement that is forgotten is closed in the background, and nobody waits long for it.
const closeMs = 5000;

/**
 * A statement that a server has prepared.
 *
 * @example
 * ```ts
 * import { FlightSqlClient } from "flightsql";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * try {
 *   const statement = await client.prepare("SELECT ? + 1 AS n");
 *   try {
 *     console.log(await statement.query([41]).all());
 *   } finally {
 *     await statement.close();
 *   }
 * } finally {
 *   await client.close();
 * }
 * ```
 */
export class PreparedStatement {
  /** The schema of its results; null when the server does not say. */
  readonly datasetSchema: Schema | null;
  /** Names and types of its parameters; null when the server does not say, and values are then sent as what they are. */
  readonly parameterSchema: Schema | null;
  /** Whether it is to be run with `executeUpdate` (true) or `query` (false); null when the server does not say. */
  readonly isUpdate: boolean | null;
  readonly #connection: Connection;
  /** Replaced by what binding answers: servers without sessions keep the parameters in the handle itself. */
  #handle: Uint8Array;
  /** Binding and planning belong together, so uses of one statement wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** @internal Made by `prepare`. */
  constructor(connection: Connection, result: ActionCreatePreparedStatementResult) {
    this.#connection = connection;
    this.#handle = result.preparedStatementHandle;
    this.datasetSchema = readAnswerSchema(result.datasetSchema);
    this.parameterSchema = readAnswerSchema(result.parameterSchema);
    this.isUpdate = result.isUpdate ?? null;
  }

  /** Binds the parameters, if any, and runs the query. `CommandPreparedStatementQuery`. */
  query(params?: Parameters, options: QueryOptions = {}): QueryResult {
    return new QueryResult(this.#connection, options, { open: (scope) => this.plan(scope, params, options.poll) });
  }

  /** GetSchema of the statement as it is bound now; null when the server does not say. */
  getSchema(options: CallOptions = {}): Promise<Schema | null> {
    return this.#inTurn(options, async (scope) =>
      readAnswerSchema(await calls.getSchema(this.#connection, scope, this.#descriptor())),
    );
  }

  /**
   * Runs the statement with one set of parameters, or with each row of a batch. `CommandPreparedStatementUpdate`.
   *
   * @returns how many rows it changed; -1n when the server does not know
   */
  executeUpdate(params?: Parameters, options: CallOptions = {}): Promise<bigint> {
    return this.#connection.run(options, (scope) => this.update(scope, params));
  }

  /** Runs the statement once for each set, in one upload. Returns how many rows were changed in all. */
  executeMany(sets: readonly ParameterSet[], options: CallOptions = {}): Promise<bigint> {
    return this.#connection.run(options, async (scope) => {
      const { parameterBatch } = await writing();
      return await this.update(scope, parameterBatch(sets, this.parameterSchema));
    });
  }

  /** Closes it at the server. Idempotent; further uses fail with `failed_precondition`. */
  async close(options: CallOptions = {}): Promise<void> {
    if (this.#isClosed) return;
    await this.#inTurn({ timeoutMs: closeMs, ...options }, async (scope) => {
      if (this.#isClosed) return;
      const request = packAny(ActionClosePreparedStatementRequestSchema, { preparedStatementHandle: this.#handle });
      this.#isClosed = true;
      await calls.runAction(this.#connection, scope, "ClosePreparedStatement", request);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Closes it when its only result is over: that a server forgets it later is no failure of the result. */
  async discard(): Promise<void> {
    await this.close().catch(() => {});
  }

  /** @internal Binds and plans within a call. */
  plan(scope: CallScope, params: Parameters | undefined, poll: boolean | undefined): Promise<Planned> {
    return this.#wait(scope, async () => {
      if (params !== undefined) await this.#bind(scope, await this.#toBatches(params));
      return await plan(this.#connection, scope, this.#descriptor(), { poll, isQuery: true });
    });
  }

  /** @internal Runs an update within a call. */
  update(scope: CallScope, params: Parameters | undefined): Promise<bigint> {
    return this.#wait(scope, async () => {
      const command = toDescriptor(CommandPreparedStatementUpdateSchema, { preparedStatementHandle: this.#handle });
      const batches = params === undefined ? [] : await this.#toBatches(params);
      return await runUpdate(this.#connection, scope, command, batches, batches[0]?.schema);
    });
  }

  #descriptor() {
    return toDescriptor(CommandPreparedStatementQuerySchema, { preparedStatementHandle: this.#handle });
  }

  async #bind(scope: CallScope, batches: readonly RecordBatch[]): Promise<void> {
    const messages = encodeStream(this.#descriptor(), batches, batches[0]?.schema);
    for await (const { appMetadata } of calls.doPut(this.#connection, scope, messages)) {
      const { preparedStatementHandle: handle } = readPreparedResult(appMetadata);
      if (handle !== undefined && handle.byteLength > 0) this.#handle = handle;
    }
    // FlightSql.proto: a server that answers nothing is an older one, whose handle stays.
  }

  async #toBatches(params: Parameters): Promise<RecordBatch[]> {
    const { parameterBatches } = await writing();
    return parameterBatches(params, this.parameterSchema);
  }

  #inTurn<T>(options: CallOptions, use: (scope: CallScope) => Promise<T>): Promise<T> {
    return this.#connection.run(options, (scope) => this.#wait(scope, () => use(scope)));
  }

  #wait<T>(scope: CallScope, use: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const run = async (): Promise<T> => {
      await scope.hold(`the prepared statement at ${this.#connection.origin.uri} is in use`, before);
      if (this.#isClosed) throw new FlightSqlError("failed_precondition", "the prepared statement is closed");
      return await use();
    };
    const result = run();
    // Who gives up waiting lets nobody else go first.
    this.#turn = Promise.allSettled([before, result]).then(() => {});
    return result;
  }
}
