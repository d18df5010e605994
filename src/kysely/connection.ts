import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { FlightSqlError } from "../errors.ts";
import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions, Transaction } from "../sql/index.ts";
import { execute, type RunOptions, type Source, stream } from "./run.ts";
import { Savepoints } from "./savepoints.ts";

/** What Kysely 0.29 hands to a connection; 0.28 hands nothing. */
interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/**
 * What Kysely takes for a connection: the client, whose connections and streams are shared anyway, and the transaction
 * that Kysely has begun on it.
 */
export class FlightSqlConnection implements DatabaseConnection {
  readonly #client: FlightSqlClient;
  readonly #options: RunOptions;
  /** Running queries that can be cancelled: the signal they were given, and what stops them. */
  readonly #running = new Map<AbortController, AbortSignal>();
  #transaction: Transaction | undefined;
  #savepoints: Savepoints | undefined;

  constructor(client: FlightSqlClient, options: RunOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** The signal alone only ends Kysely's waiting, as it documents; `cancelQuery` follows where the query is to stop. */
  async executeQuery<R>(query: CompiledQuery, { signal }: Abortable = {}): Promise<QueryResult<R>> {
    if (signal === undefined) return await execute<R>(this.#source, query, this.#options);
    const stop = new AbortController();
    this.#running.set(stop, signal);
    try {
      return await execute<R>(this.#source, query, this.#stoppable(stop.signal));
    } finally {
      this.#running.delete(stop);
    }
  }

  /** Stops the queries whose signal has been aborted, here and at the server. Kysely 0.29. */
  async cancelQuery(): Promise<void> {
    for (const [stop, signal] of this.#running) if (signal.aborted) stop.abort(signal.reason);
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize: number = 100,
    { signal }: Abortable = {},
  ): AsyncGenerator<QueryResult<R>, void, undefined> {
    const options = signal === undefined ? this.#options : this.#stoppable(signal);
    try {
      yield* stream<R>(this.#source, query, chunkSize, options);
    } catch (thrown) {
      // Kysely has thrown the signal's reason itself by now, and only waits for the end.
      if (!signal?.aborted) throw thrown;
    }
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#client.beginTransaction(this.#options.call);
    this.#savepoints = new Savepoints(this.#transaction);
  }

  async commit(): Promise<void> {
    await this.#transaction?.commit(this.#ending);
  }

  /** Nothing when the commit has failed: Kysely then rolls back, and the commit's error is the one to report. */
  async rollback(): Promise<void> {
    if (this.#transaction?.isOpen) await this.#transaction.rollback(this.#ending);
  }

  get savepoints(): Savepoints {
    if (this.#savepoints === undefined) throw new FlightSqlError("failed_precondition", "no transaction was begun");
    return this.#savepoints;
  }

  get #source(): Source {
    return this.#transaction ?? this.#client;
  }

  /** An aborted signal must not leave the transaction open at the server. */
  get #ending(): CallOptions {
    return { ...this.#options.call, signal: undefined };
  }

  #stoppable(signal: AbortSignal): RunOptions {
    const { call, values } = this.#options;
    const signals = call.signal === undefined ? [signal] : [signal, call.signal];
    return { values, call: { ...call, signal: AbortSignal.any(signals) } };
  }
}
