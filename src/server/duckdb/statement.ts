import { Code, ConnectError } from "@connectrpc/connect";
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBPendingResult,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  DuckDBTypeId,
  ResultReturnType,
  StatementType,
} from "@duckdb/node-api";
import { type Layout, layoutOf } from "./batches.ts";
import { duckdbError } from "./errors.ts";
import { checkStatement, checkTransaction } from "./guard.ts";
import { pendingError } from "./memory.ts";
import { finished } from "./pending.ts";
import { inThread } from "./slots.ts";

/** The statements of a text, prepared one at a time: a later one may need what an earlier one made. */
export interface Script {
  readonly count: number;
  /** Prepares a statement; the caller destroys it. */
  prepare(index: number): Promise<DuckDBPreparedStatement>;
}

/** Parses a text. `locked` refuses what must not run in a database that is closed to files and the network. */
export async function parseScript(connection: DuckDBConnection, sql: string, locked: boolean): Promise<Script> {
  try {
    const statements = await connection.extractStatements(sql);
    return {
      count: statements.count,
      async prepare(index) {
        const statement = await statements.prepare(index).catch((reason) => {
          throw duckdbError(reason);
        });
        try {
          checkTransaction(statement.statementType);
          if (locked) checkStatement(statement.statementType, sql);
        } catch (reason) {
          statement.destroySync();
          throw reason;
        }
        return statement;
      },
    };
  } catch (reason) {
    const error = duckdbError(reason);
    // All that node-api 1.5 says of a text with nothing but blanks and comments.
    const nothing = error.rawMessage === "" || error.rawMessage === "Error in native callback";
    throw nothing ? new ConnectError("The text has no statement.", Code.InvalidArgument) : error;
  }
}

/** The layout of what a prepared statement returns; undefined when that depends on its parameters. */
export function statementLayout(statement: DuckDBPreparedStatement): Layout | undefined {
  const columns = Array.from({ length: statement.columnCount }, (_, i) => i);
  if (columns.some((i) => statement.columnTypeId(i) === DuckDBTypeId.INVALID)) return undefined;
  return layoutOf(columns.map((i) => ({ name: statement.columnName(i), type: statement.columnType(i) })));
}

/** Runs a statement for its effect: the rows it changed, or -1 when it is one that returns rows instead. */
export async function runStatement(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  signal: AbortSignal,
): Promise<number> {
  const result = await complete(connection, statement.start(), signal);
  switch (result.returnType) {
    case ResultReturnType.CHANGED_ROWS:
      return result.rowsChanged;
    case ResultReturnType.NOTHING:
      return 0;
    default:
      return -1;
  }
}

/** Waits for a started statement and gives its result; aborting interrupts it. */
async function complete(
  connection: DuckDBConnection,
  pending: DuckDBPendingResult,
  signal: AbortSignal,
): Promise<DuckDBResult> {
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    if (signal.aborted) interrupt();
    await finished(pending);
    const failure = pendingError(pending);
    if (failure) throw duckdbError(failure);
    return await pending.getResult();
  } catch (reason) {
    throw signal.aborted ? canceled(signal) : duckdbError(reason);
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

/** A result being read, chunk by chunk, and what to do when nobody wants the rest. */
export interface Cursor {
  /** Starts the statement, if need be, and says what it returns. */
  layout(): Promise<Layout>;
  fetch(): Promise<DuckDBDataChunk | null>;
  /** What part of the work is done, by DuckDB's own account: 0 to 1, undefined while it cannot tell. */
  progress(): number | undefined;
  /** Stops DuckDB if it still works. Nothing is running on the connection afterwards. */
  close(): Promise<void>;
}

interface CursorOptions {
  /** The statement's own text, from which to learn why it failed in the middle; undefined when not at hand. */
  readonly sql: string | undefined;
  readonly signal: AbortSignal;
  /**
   * Others use the connection, too: in a transaction, which an interrupt would abort. It is then only interrupted
   * while it works for this result, and not in the first `graceMs`.
   */
  readonly shared: boolean;
}

// The next chunk of nearly every result is there sooner.
const graceMs = 200;

/** Reads a statement's result as DuckDB makes it; aborting stops it wherever it is. */
export function openCursor(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  { sql, signal, shared }: CursorOptions,
): Cursor {
  let result: Promise<DuckDBResult> | undefined;
  let working: Promise<unknown> | undefined;
  let done = false;
  let closed = false;
  const gone = new AbortController();
  let progress: number | undefined;
  const interrupt = () => {
    gone.abort();
    if (!shared) {
      connection.interrupt();
      return;
    }
    const current = working;
    if (!current) return;
    const timer = setTimeout(() => connection.interrupt(), graceMs);
    current.finally(() => clearTimeout(timer));
  };
  const start = () => {
    result ??= complete(connection, statement.startStream(), signal);
    return result;
  };
  signal.addEventListener("abort", interrupt);
  const work = <T>(task: () => Promise<T>): Promise<T> => {
    if (signal.aborted || closed) return Promise.reject(canceled(signal));
    const answer = task().catch((reason) => {
      throw signal.aborted ? canceled(signal) : duckdbError(reason);
    });
    const over = answer.then(
      () => {},
      () => {},
    );
    working = over;
    over.then(() => {
      if (working === over) working = undefined;
    });
    return answer;
  };
  const read = async (): Promise<DuckDBDataChunk | null> => {
    const open = await start();
    const chunk = await inThread(gone.signal, () => open.fetchChunk());
    if (chunk && chunk.rowCount > 0) return chunk;
    done = true;
    // A result that fails while it is read ends as if it were complete; only its type tells.
    if (open.returnType !== ResultReturnType.INVALID) return null;
    signal.throwIfAborted();
    throw await failure(connection, statement.statementType === StatementType.SELECT ? sql : undefined, signal);
  };
  return {
    layout: () => work(async () => resultLayout(await start())),
    fetch: () => work(read),
    progress() {
      // A connection tells of the statement that it runs: on a shared one, that is ours only while it works for us.
      if (!done && !closed && (!shared || working)) progress = queryProgress(connection) ?? progress;
      return progress;
    },
    async close() {
      closed = true;
      if (!done) interrupt();
      await working;
      signal.removeEventListener("abort", interrupt);
    },
  };
}

function queryProgress(connection: DuckDBConnection): number | undefined {
  const { percentage, rows_processed: rows } = connection.progress;
  // Sources that keep no count (`range()` is one) stay at nothing of so many rows until they are done.
  return rows > 0n && percentage >= 0 ? Math.min(percentage / 100, 1) : undefined;
}

function resultLayout(result: DuckDBResult): Layout {
  return layoutOf(
    Array.from({ length: result.columnCount }, (_, i) => ({ name: result.columnName(i), type: result.columnType(i) })),
  );
}

/**
 * Why a result broke off. The bindings do not say, but they do for a statement that is run to its end before its result
 * is given: so the query is run once more, each row reduced to a number. It fails where it failed before.
 */
async function failure(
  connection: DuckDBConnection,
  sql: string | undefined,
  signal: AbortSignal,
): Promise<ConnectError> {
  const unknown = new ConnectError(
    "The query failed after its first rows, for a reason that DuckDB does not pass on.",
    Code.InvalidArgument,
  );
  if (sql === undefined) return unknown;
  try {
    const text = sql.replace(/;\s*$/, "");
    const statement = await connection.prepare(`SELECT bit_xor(hash(q)) FROM (\n${text}\n) AS q`);
    await complete(connection, statement.start(), signal).finally(() => statement.destroySync());
    return unknown;
  } catch (reason) {
    const error = duckdbError(reason);
    if (error.code === Code.Canceled) return error;
    // Its excerpt of the text would show ours.
    const [message] = error.rawMessage.split("\n\nLINE ", 1);
    return /^Parser Error/.test(message!) ? unknown : new ConnectError(message!, error.code);
  }
}

function canceled(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}
