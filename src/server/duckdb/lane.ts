import { Code, ConnectError } from "@connectrpc/connect";
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import type { Cursor } from "./statement.ts";

// What a result may hold in memory for others to get on: 2048 rows a chunk, some 16 MB of a dozen numbers each.
const asideChunks = 4096;

/**
 * A connection that calls use one after the other.
 *
 * DuckDB has one result a connection: the next statement ends it. In a transaction a result may still be read when the
 * next statement comes (a loop over rows that updates others); waiting for its end would be waiting for oneself. So the
 * rest of it is fetched into memory first. A result that nobody disturbs streams.
 */
export class Lane {
  readonly connection: DuckDBConnection;
  /** Whether several calls use it: in a transaction. */
  readonly shared: boolean;
  #turn: Promise<unknown> = Promise.resolve();
  #open: SetAside | undefined;

  constructor(connection: DuckDBConnection, shared: boolean) {
    this.connection = connection;
    this.shared = shared;
  }

  /** Runs `work` when the connection is free. */
  use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const open = this.#open;
      this.#open = undefined;
      await open?.fetchRest();
      return await work(this.connection);
    });
  }

  /** To be called within `use`: gives a cursor on the connection to a reader that does not hold it. */
  lend(cursor: Cursor): Cursor {
    if (!this.shared) return cursor;
    const aside = new SetAside(cursor);
    this.#open = aside;
    return {
      layout: () => cursor.layout(),
      progress: () => cursor.progress(),
      fetch: () => aside.waiting() ?? this.#inTurn(async () => aside.waiting() ?? cursor.fetch()),
      close: async () => {
        if (this.#open === aside) this.#open = undefined;
        aside.drop();
        await cursor.close();
      },
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** The rest of a result that had to make room. */
class SetAside {
  readonly #cursor: Cursor;
  #chunks: DuckDBDataChunk[] | undefined;
  #failure: unknown;
  #dropped = false;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  async fetchRest(): Promise<void> {
    const chunks: DuckDBDataChunk[] = [];
    try {
      for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
        if (chunks.length === asideChunks) {
          throw new ConnectError(
            "A result was still being read when the next statement of its transaction came, and is too large to keep in memory: read it to its end first.",
            Code.ResourceExhausted,
          );
        }
        chunks.push(chunk);
      }
    } catch (reason) {
      // Its reader's failure, not that of the statement which comes next.
      this.#failure = reason;
    }
    this.#chunks = chunks;
  }

  #next(): Promise<DuckDBDataChunk | null> {
    return this.#dropped ? Promise.resolve(null) : this.#cursor.fetch();
  }

  /** The next chunk if the result is in memory; undefined when it still streams. */
  waiting(): Promise<DuckDBDataChunk | null> | undefined {
    if (!this.#chunks) return undefined;
    const chunk = this.#chunks.shift();
    if (chunk === undefined && this.#failure !== undefined) return Promise.reject(this.#failure);
    return Promise.resolve(chunk ?? null);
  }

  drop(): void {
    this.#dropped = true;
    this.#chunks = [];
  }
}
