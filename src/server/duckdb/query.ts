import { Code, ConnectError } from "@connectrpc/connect";
import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";
import type { RecordBatch, Schema } from "apache-arrow";
import type { Chunk, Result } from "../backend.ts";
import { type Layout, recordBatches } from "./batches.ts";
import { duckdbError } from "./errors.ts";
import type { Lane } from "./lane.ts";
import { bindSets } from "./parameters.ts";
import { type Cursor, openCursor, parseScript, runStatement, type Script, statementLayout } from "./statement.ts";

/** What to run, and where. */
export interface Execution {
  readonly lane: Lane;
  readonly sql: string;
  /** Sets of parameters, a row each: it runs with one after the other. Undefined: it runs once, as it is. */
  readonly parameters?: readonly RecordBatch[] | undefined;
  /** Whether the database is closed to files and the network. */
  readonly locked: boolean;
  readonly signal: AbortSignal;
  /** Whether somebody asks for its progress. */
  readonly observed?: boolean;
}

/** The result of a query that may still run. */
export interface QueryRun extends Result {
  readonly schema: Schema;
  /** What part of the work is done, by DuckDB's own account: 0 to 1, undefined while it cannot tell. */
  progress(): number | undefined;
}

/** Runs a query. `release` is called when nothing of it needs the connection any more, also if it fails. */
export async function runQuery(execution: Execution, release: () => void): Promise<QueryRun> {
  const { lane, signal } = execution;
  const reading = new Reading(execution, release);
  try {
    const layout = await lane.use((connection) => reading.start(connection));
    // A reader that leaves before the first batch never starts the generator, and so never ends it.
    const close = () => void reading.close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    return {
      schema: layout.schema,
      progress: () => reading.progress(),
      chunks: (async function* () {
        try {
          yield* reading.chunks(layout);
        } finally {
          signal.removeEventListener("abort", close);
          await reading.close();
        }
      })(),
    };
  } catch (reason) {
    await reading.close();
    throw duckdbError(reason);
  }
}

/** The results of a statement, one for each set of parameters. */
class Reading {
  readonly #execution: Execution;
  readonly #release: () => void;
  #statement: DuckDBPreparedStatement | undefined;
  #sets: Generator<void> | undefined;
  #setsDone = 0;
  #cursor: Cursor | undefined;
  #closed: Promise<void> | undefined;

  constructor(execution: Execution, release: () => void) {
    this.#execution = execution;
    this.#release = release;
  }

  async start(connection: DuckDBConnection): Promise<Layout> {
    const { sql, parameters, locked, signal, observed } = this.#execution;
    // DuckDB counts for its progress bar only, which nobody shall see. As settings they would be locked.
    if (observed) await connection.run("PRAGMA disable_print_progress_bar; PRAGMA enable_progress_bar");
    const script = await parseScript(connection, sql, locked);
    for (let i = 0; i < script.count - 1; i++) await runOne(connection, script, i, signal);
    const statement = await script.prepare(script.count - 1);
    this.#statement = statement;
    if (parameters) {
      this.#sets = bindSets(statement, parameters);
      if (this.#sets.next().done)
        throw new ConnectError("No parameters are bound: a query runs once for each set.", Code.InvalidArgument);
    }
    const cursor = this.#open(connection, script.count === 1 && !parameters ? sql : undefined);
    return statementLayout(statement) ?? (await cursor.layout());
  }

  #open(connection: DuckDBConnection, sql: string | undefined): Cursor {
    const { lane, signal } = this.#execution;
    // In a transaction a failed statement cannot be run once more to learn why it failed.
    const options = { sql: lane.shared ? undefined : sql, signal, shared: lane.shared };
    this.#cursor = lane.lend(openCursor(connection, this.#statement!, options));
    return this.#cursor;
  }

  async *chunks(layout: Layout): AsyncGenerator<Chunk, void, undefined> {
    for (;;) {
      for await (const batch of recordBatches(layout, this.#cursor!.fetch)) yield { batch };
      if (!this.#sets) return;
      await this.#cursor!.close();
      this.#setsDone++;
      const more = await this.#execution.lane.use(async (connection) => {
        if (this.#sets!.next().done) return false;
        this.#open(connection, undefined);
        return true;
      });
      if (!more) return;
    }
  }

  progress(): number | undefined {
    const sets = this.#execution.parameters?.reduce((sum, { numRows }) => sum + numRows, 0) ?? 1;
    const current = this.#cursor?.progress();
    return sets === 1 ? current : (this.#setsDone + (current ?? 0)) / sets;
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#cursor?.close();
      this.#statement?.destroySync();
      this.#release();
    })();
    return this.#closed;
  }
}

/** Runs statements for their effect, the last one with each set of parameters. Returns the rows changed, -1 if unknown. */
export async function runUpdate({ sql, parameters, locked, signal, lane }: Execution): Promise<bigint> {
  return await lane.use(async (connection) => {
    const script = await parseScript(connection, sql, locked);
    const counts: number[] = [];
    const last = script.count - 1;
    for (let i = 0; i < last; i++) counts.push(await runOne(connection, script, i, signal));
    if (!parameters) counts.push(await runOne(connection, script, last, signal));
    else {
      const statement = await script.prepare(last);
      try {
        for (const _ of bindSets(statement, parameters)) counts.push(await runStatement(connection, statement, signal));
      } finally {
        statement.destroySync();
      }
    }
    // Rows returned are not rows changed: then the sum is unknown.
    return counts.includes(-1) ? -1n : BigInt(counts.reduce((sum, count) => sum + count, 0));
  });
}

async function runOne(
  connection: DuckDBConnection,
  script: Script,
  index: number,
  signal: AbortSignal,
): Promise<number> {
  const statement = await script.prepare(index);
  return await runStatement(connection, statement, signal).finally(() => statement.destroySync());
}
