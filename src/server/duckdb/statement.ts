import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBPendingResult,
  DuckDBPreparedStatement,
  DuckDBResult,
} from "@duckdb/node-api";
import { type Layout, layoutOf } from "./batches.ts";
import { duckdbError } from "./errors.ts";
import { pendingError, pendingState } from "./memory.ts";

/**
 * Prepares the last statement of a text, after running those before it when `run` is set.
 *
 * Null when there are several and they may not be run: only then can the last one be understood.
 */
export async function prepareLast(
  connection: DuckDBConnection,
  sql: string,
  run: false | AbortSignal,
): Promise<DuckDBPreparedStatement | null> {
  try {
    const statements = await connection.extractStatements(sql);
    for (let i = 0; i < statements.count - 1; i++) {
      if (!run) return null;
      const statement = await statements.prepare(i);
      try {
        await complete(connection, statement.start(), run);
      } finally {
        statement.destroySync();
      }
    }
    return await statements.prepare(statements.count - 1);
  } catch (reason) {
    if (sql.trim() === "") throw new ConnectError("There is no statement in the text.", Code.InvalidArgument);
    throw duckdbError(reason);
  }
}

/** The layout of what a prepared statement returns. */
export function statementLayout(statement: DuckDBPreparedStatement): Layout {
  return layoutOf(
    Array.from({ length: statement.columnCount }, (_, i) => ({
      name: statement.columnName(i),
      type: statement.columnType(i),
    })),
  );
}

/** Waits for a started statement and gives its result; aborting interrupts it. */
export async function complete(
  connection: DuckDBConnection,
  pending: DuckDBPendingResult,
  signal: AbortSignal,
): Promise<DuckDBResult> {
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    if (signal.aborted) interrupt();
    // Asking, rather than a call that blocks until it is done: libuv has four threads for such calls, and four long
    // queries would keep every other one, and every file, waiting. 0 ms is one turn of the event loop.
    for (let wait = 0; ; wait = Math.min(wait + 1, 10)) {
      const state = pendingState(pending);
      if (state === "ready") break;
      if (state === "failed") throw duckdbError(pendingError(pending));
      await sleep(wait);
    }
    return await pending.getResult();
  } catch (reason) {
    throw signal.aborted ? canceled(signal) : duckdbError(reason);
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

/** A result being read, chunk by chunk, and what to do when nobody wants the rest. */
export interface Cursor {
  fetch(): Promise<DuckDBDataChunk | null>;
  /** Stops DuckDB if it still works, and frees what it holds. The connection can be used again afterwards. */
  close(): Promise<void>;
}

/** Reads a statement's result as DuckDB makes it; aborting stops it wherever it is. */
export function openCursor(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  signal: AbortSignal,
): Cursor {
  let result: Promise<DuckDBResult> | undefined;
  let fetching: Promise<unknown> = Promise.resolve();
  let done = false;
  const read = async (): Promise<DuckDBDataChunk | null> => {
    try {
      result ??= complete(connection, statement.startStream(), signal);
      const chunk = await (await result).fetchChunk();
      if (chunk && chunk.rowCount > 0) return chunk;
      done = true;
      return null;
    } catch (reason) {
      throw signal.aborted ? canceled(signal) : duckdbError(reason);
    }
  };
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  return {
    fetch() {
      if (signal.aborted) return Promise.reject(canceled(signal));
      const chunk = read();
      fetching = chunk.catch(() => {});
      return chunk;
    },
    async close() {
      signal.removeEventListener("abort", interrupt);
      if (!done) connection.interrupt();
      await fetching;
      statement.destroySync();
      // An unread result keeps its buffers, and DuckDB its threads for it, until the connection does something else.
      if (!done && result) await connection.run("SELECT 1").catch(() => {});
    },
  };
}

function canceled(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
