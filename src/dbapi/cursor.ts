import { FlightSqlError } from "../errors.ts";
import type { CallOptions, ParameterSet } from "../sql/index.ts";
import type { Connection } from "./connection.ts";
import { closedError, mapErrors } from "./errors.ts";
import { Fetching } from "./fetching.ts";
import { type Limits, limits } from "./limits.ts";
import { run, runMany } from "./statement.ts";
import { type ColumnDescription, describe } from "./types.ts";

/**
 * Runs statements one after the other and fetches the rows of the last one, which come from the server as they are
 * fetched: a batch at a time, never all of them unless you ask for all.
 *
 * Leaving a loop over a cursor, `close()` and the next statement end the reading at the server. Calls on one cursor
 * wait for each other.
 *
 * @example
 * ```ts
 * import { FlightSqlClient } from "flightsql";
 * import { connect } from "flightsql/dbapi";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * const connection = connect(client);
 * try {
 *   const cursor = connection.cursor<[bigint, string]>();
 *   await cursor.execute("SELECT range, 'row ' || range FROM range(10) WHERE range >= ?", [3n]);
 *   console.log(cursor.description?.map(([name, type]) => `${name} ${type}`));
 *   console.log(await cursor.fetchOne(), await cursor.fetchMany(2));
 *   for await (const [n, text] of cursor) console.log(n, text);
 * } finally {
 *   await connection.close();
 *   await client.close();
 * }
 * ```
 */
export class Cursor<Row extends object = unknown[]> implements AsyncIterable<Row> {
  readonly connection: Connection;
  /** How many rows `fetchMany` gives when it is not told. Default 1. */
  arraySize = 1;
  #description: readonly ColumnDescription[] | null = null;
  #changed = -1;
  #fetching: Fetching<Row> | undefined;
  /** The call under way. */
  #limits: Limits | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** @internal Made by `Connection.cursor`. */
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The columns of the last statement, seven items each; null when it returned none. */
  get description(): readonly ColumnDescription[] | null {
    return this.#description;
  }

  /**
   * How many rows the last statement changed, or how many a query returned, which is known once all have been
   * fetched. -1 when it is not known.
   */
  get rowCount(): number {
    const fetching = this.#fetching;
    return fetching?.isDone && fetching.hasColumns ? fetching.received : this.#changed;
  }

  /**
   * Runs a statement, and waits until it has taken effect: a query until its first rows are there. Rows of an earlier
   * one that were not fetched are gone.
   *
   * Parameters are bound at the server, by position (`?`) or by name; they are never written into the text.
   *
   * @param options `timeoutMs` covers everything from here to the last row fetched
   * @returns the cursor itself
   */
  execute(sql: string, params?: ParameterSet, options: CallOptions = {}): Promise<this> {
    return this.#start(options, async (call) => {
      const on = await this.connection.statements(call.left());
      const outcome = await run(on, sql, hasItems(params) ? params : undefined, call.left);
      if ("changed" in outcome) {
        this.#changed = Number(outcome.changed);
        call.end();
        return;
      }
      let stop: ((reason: FlightSqlError) => Promise<void>) | undefined;
      const finish = async (): Promise<void> => {
        call.end();
        if (stop !== undefined) this.connection.readings.delete(stop);
        await outcome.finish();
      };
      const fetching = await Fetching.open<Row>(outcome.rows, this.connection.rowOptions, { stop: call.stop, finish });
      if (!fetching.isDone) {
        stop = (reason) => fetching.stop(reason);
        this.connection.readings.add(stop);
      }
      this.#fetching = fetching;
      if (fetching.hasColumns) this.#description = describe(fetching.schema!);
    });
  }

  /**
   * Runs a statement that changes data once for each set of parameters, all of them in one upload.
   *
   * @throws NotSupportedError for a query, and where the server has no prepared statements
   */
  executeMany(sql: string, sets: readonly ParameterSet[], options: CallOptions = {}): Promise<this> {
    return this.#start(options, async (call) => {
      const on = await this.connection.statements(call.left());
      this.#changed = sets.length === 0 ? 0 : Number(await runMany(on, sql, sets, call.left));
      call.end();
    });
  }

  /** The next row; null after the last. */
  fetchOne(): Promise<Row | null> {
    return this.#fetch(async (fetching) => (await fetching.take(1))[0] ?? null);
  }

  /** The next rows: fewer than `size` at the end, none after it. */
  fetchMany(size: number = this.arraySize): Promise<Row[]> {
    return this.#fetch(async (fetching) => {
      if (Number.isInteger(size) && size >= 0) return await fetching.take(size);
      throw new FlightSqlError("invalid_argument", `fetchMany: ${size} is no number of rows`);
    });
  }

  /** All rows that are left. */
  fetchAll(): Promise<Row[]> {
    return this.#fetch((fetching) => fetching.take(Number.POSITIVE_INFINITY));
  }

  /** The rows that are left, one by one. Leaving the loop ends the reading. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    const started = this.#fetching;
    try {
      for (;;) {
        const row = this.#atHand(started) ?? (await this.fetchOne());
        if (row === null) return;
        yield row;
      }
    } finally {
      if (started !== undefined && started === this.#fetching)
        await started.stop(new FlightSqlError("failed_precondition", "the loop over the rows was left: run it again"));
    }
  }

  /** PEP 249 asks for it and lets it do nothing: the types of parameters are those that the server expects. */
  setInputSizes(_sizes: readonly unknown[]): void {}

  /** PEP 249 asks for it and lets it do nothing: large values come whole. */
  setOutputSize(_size: number, _column?: number): void {}

  /** Ends the statement and the reading under way; all further calls fail. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = new FlightSqlError("canceled", "the cursor was closed");
    this.#limits?.stop(reason);
    const fetching = this.#fetching;
    this.#fetching = undefined;
    await fetching?.stop(reason);
    await this.#turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A row that needs no waiting. */
  #atHand(fetching: Fetching<Row> | undefined): Row | undefined {
    return fetching === this.#fetching ? fetching?.shift() : undefined;
  }

  #start(options: CallOptions, work: (call: Limits) => Promise<void>): Promise<this> {
    return this.#inTurn(async () => {
      await this.#fetching?.stop(new FlightSqlError("failed_precondition", "the cursor ran another statement"));
      this.#fetching = undefined;
      this.#description = null;
      this.#changed = -1;
      const call = limits(options, this.connection.calls);
      this.#limits = call;
      try {
        await work(call);
      } catch (thrown) {
        call.end();
        throw thrown;
      }
      return this;
    });
  }

  #fetch<T>(use: (fetching: Fetching<Row>) => Promise<T>): Promise<T> {
    return this.#inTurn(() => {
      const fetching = this.#fetching;
      if (fetching !== undefined && fetching.schema?.fields.length !== 0) return use(fetching);
      throw new FlightSqlError("failed_precondition", "there are no rows to fetch: execute a query first");
    });
  }

  #inTurn<T>(use: () => Promise<T>): Promise<T> {
    const work = async (): Promise<T> => {
      this.#mustBeOpen();
      try {
        return await mapErrors(use);
      } catch (thrown) {
        this.#mustBeOpen();
        throw thrown;
      }
    };
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw closedError("cursor");
    if (this.connection.isClosed) throw closedError("connection");
  }
}

function hasItems(params: ParameterSet | undefined): boolean {
  return params !== undefined && Object.keys(params).length > 0;
}
