import { FlightSqlError } from "../errors.ts";
import type { FlightSqlClient } from "../sql/client.ts";
import type { CallOptions, ParameterSet, RowOptions, SqlInfoValue } from "../sql/index.ts";
import type { Statements } from "../sql/statements.ts";
import { rollbackMs } from "../sql/transaction.ts";
import { Cursor } from "./cursor.ts";
import { closedError, mapErrors } from "./errors.ts";
import type { ColumnInfo, ForeignKey, PrimaryKey, ReflectionOptions } from "./reflection.ts";
import * as reflection from "./reflection.ts";
import { Transactions } from "./transactions.ts";

/** How rows look, and when statements are committed. */
export interface ConnectOptions extends RowOptions {
  /** Rows as arrays or as objects by column name. Default `"array"`. */
  as?: "object" | "array";
  /** Commit each statement as it runs, instead of with `commit()`. Default `false`. */
  autocommit?: boolean;
}

/**
 * A connection in the sense of Python's DB-API, over a client that stays yours to close. Nothing is sent before the
 * first statement.
 *
 * @example
 * ```ts
 * import { FlightSqlClient } from "flightsql";
 * import { connect } from "flightsql/dbapi";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * const connection = connect(client);
 * try {
 *   await connection.execute("CREATE TABLE IF NOT EXISTS visits (n INTEGER)");
 *   const { rowCount } = await connection.executeMany("INSERT INTO visits VALUES (?)", [[1], [2], [3]]);
 *   await connection.commit();
 *   console.log(rowCount, connection.autocommit ? "each committed as it ran" : "committed together");
 * } finally {
 *   await connection.close();
 *   await client.close();
 * }
 * ```
 */
export function connect(client: FlightSqlClient, options: ConnectOptions = {}): Connection {
  return new Connection(client, options);
}

/**
 * Statements in transactions: the first one begins a transaction, which `commit()` or `rollback()` ends. On a server
 * without transactions each statement is committed as it runs, and `autocommit` says so.
 */
export class Connection {
  /** @internal */
  readonly rowOptions: RowOptions;
  /** @internal How to end the calls under way. */
  readonly calls: Set<(reason: FlightSqlError) => void> = new Set();
  /** @internal How to end the results that are being read. */
  readonly readings: Set<(reason: FlightSqlError) => Promise<void>> = new Set();
  readonly #client: FlightSqlClient;
  readonly #transactions: Transactions;
  #isClosed = false;

  /** @internal Made by `connect`. */
  constructor(client: FlightSqlClient, { autocommit = false, as = "array", ...values }: ConnectOptions) {
    this.#client = client;
    this.#transactions = new Transactions(client, autocommit);
    this.rowOptions = { ...values, as };
  }

  /** The `features` of the client's options. */
  get features(): Readonly<Record<string, string>> {
    return this.#client.features;
  }

  /**
   * Whether each statement is committed as it runs: as `connect` was asked to, or because the server has no
   * transactions. Null until the first statement has found out.
   */
  get autocommit(): boolean | null {
    return this.#transactions.autocommit;
  }

  /** A new cursor. All cursors of a connection share its transaction. */
  cursor<Row extends object = unknown[]>(): Cursor<Row> {
    if (this.#isClosed) throw closedError("connection");
    return new Cursor<Row>(this);
  }

  /** Runs a statement on a new cursor. See `Cursor.execute`. */
  async execute<Row extends object = unknown[]>(
    sql: string,
    params?: ParameterSet,
    options: CallOptions = {},
  ): Promise<Cursor<Row>> {
    return await this.cursor<Row>().execute(sql, params, options);
  }

  /** Runs a statement for each set of parameters on a new cursor. See `Cursor.executeMany`. */
  async executeMany(sql: string, sets: readonly ParameterSet[], options: CallOptions = {}): Promise<Cursor> {
    return await this.cursor().executeMany(sql, sets, options);
  }

  /**
   * Makes the changes since the last commit or rollback permanent; with autocommit they are already. Rows that were
   * not fetched yet are gone with their transaction.
   */
  commit(options: CallOptions = {}): Promise<void> {
    return this.#run(() => this.#end("commit", options));
  }

  /**
   * Undoes the changes since the last commit or rollback. Rows that were not fetched yet are gone.
   *
   * @throws NotSupportedError after statements on a server without transactions: they cannot be undone
   */
  rollback(options: CallOptions = {}): Promise<void> {
    return this.#run(() => this.#end("rollback", options));
  }

  /**
   * The columns of a table, in its order.
   *
   * The calls for metadata run outside of the transaction: the protocol has no other way.
   *
   * @param schema needed where several schemas have a table of this name
   * @throws ProgrammingError when there is no such table, or several
   */
  getColumns(table: string, schema?: string, options: ReflectionOptions = {}): Promise<ColumnInfo[]> {
    return this.#run(() => reflection.getColumns(this.#client, table, schema, options));
  }

  /** Names of tables, without views and without those that the server keeps for itself. Default: of all schemas. */
  getTableNames(schema?: string, options: ReflectionOptions = {}): Promise<string[]> {
    return this.#run(() => reflection.getTableNames(this.#client, "table", schema, options));
  }

  /** Names of views. Default: of all schemas. */
  getViewNames(schema?: string, options: ReflectionOptions = {}): Promise<string[]> {
    return this.#run(() => reflection.getTableNames(this.#client, "view", schema, options));
  }

  /** Names of schemas; none on a server that has no schemas. */
  getSchemaNames(options: ReflectionOptions = {}): Promise<string[]> {
    return this.#run(() => reflection.getSchemaNames(this.#client, options));
  }

  /** The primary key of a table; without columns when it has none. */
  getPrimaryKeys(table: string, schema?: string, options: ReflectionOptions = {}): Promise<PrimaryKey> {
    return this.#run(() => reflection.getPrimaryKeys(this.#client, table, schema, options));
  }

  /** The keys by which a table refers to others. */
  getForeignKeys(table: string, schema?: string, options: ReflectionOptions = {}): Promise<ForeignKey[]> {
    return this.#run(() => reflection.getForeignKeys(this.#client, table, schema, options));
  }

  /**
   * What the server says of itself and its SQL, by SqlInfo number.
   *
   * @param ids numbers of `SqlInfo`; all that the server has by default. Those that it does not know are missing
   */
  getSqlInfo(ids: readonly number[] = [], options: CallOptions = {}): Promise<Map<number, SqlInfoValue>> {
    return this.#run(() => this.#client.getSqlInfo(ids, options));
  }

  /** Rolls back what was not committed and closes the cursors, not the client. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = new FlightSqlError("canceled", "the connection was closed");
    for (const stop of this.calls) stop(reason);
    await this.#stopReadings(reason);
    // A transaction that cannot be rolled back is gone with its session.
    if (this.#transactions.isOpen) await this.#transactions.rollback({ timeoutMs: rollbackMs }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @internal What a cursor runs its next statement on. */
  statements(options: CallOptions): Promise<Statements> {
    return this.#transactions.statements(options);
  }

  async #end(how: "commit" | "rollback", options: CallOptions): Promise<void> {
    if (this.#transactions.isOpen) {
      const message = `the rows that were not fetched went with their transaction: fetch them before ${how}()`;
      await this.#stopReadings(new FlightSqlError("failed_precondition", message));
    }
    await this.#transactions[how](options);
  }

  async #stopReadings(reason: FlightSqlError): Promise<void> {
    await Promise.all([...this.readings].map((stop) => stop(reason)));
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closedError("connection");
    return await mapErrors(work);
  }
}
