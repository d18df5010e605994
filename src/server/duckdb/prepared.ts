import { Code, ConnectError } from "@connectrpc/connect";
import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";
import { StatementType } from "@duckdb/node-api";
import type { RecordBatch, Schema } from "apache-arrow";
import { parameterSchema } from "./parameters.ts";
import { parseScript, statementLayout } from "./statement.ts";

/** Sets of parameters, and about how large they are. */
interface Binding {
  readonly batches: readonly RecordBatch[];
  readonly bytes: number;
}

// Bindings are kept for reads that were planned with them and are still to come.
const maxBindings = 1000;
const maxBindingBytes = 64 << 20;

/**
 * A prepared statement as clients know it: its text, prepared anew on the connection of each execution (which costs
 * less than a round trip), and the parameters bound to it.
 */
export class Prepared {
  readonly sql: string;
  readonly transactionId: Uint8Array | undefined;
  readonly #bindings = new Map<number, Binding>();
  #bytes = 0;
  #last = 0;

  constructor(sql: string, transactionId: Uint8Array | undefined) {
    this.sql = sql;
    this.transactionId = transactionId;
  }

  /** Binds parameters; returns the number by which a read finds them, however often it is bound anew meanwhile. */
  bind(batches: readonly RecordBatch[]): number {
    const bytes = batches.reduce((sum, batch) => sum + batch.data.byteLength, 0);
    this.#bindings.set(++this.#last, { batches, bytes });
    this.#bytes += bytes;
    for (const [number, binding] of this.#bindings) {
      const fits = this.#bindings.size <= maxBindings && this.#bytes <= maxBindingBytes;
      if (fits || number === this.#last) break;
      this.#bindings.delete(number);
      this.#bytes -= binding.bytes;
    }
    return this.#last;
  }

  /** The number of what is bound now, 0 when nothing is. */
  get bound(): number {
    return this.#last;
  }

  parameters(binding: number): readonly RecordBatch[] | undefined {
    if (binding === 0) return undefined;
    const found = this.#bindings.get(binding);
    if (!found) {
      throw new ConnectError(
        "The parameters of this read are gone: it came too late, after too many others. Execute the statement again.",
        Code.FailedPrecondition,
      );
    }
    return found.batches;
  }
}

/** What is known of a statement before it runs. */
export interface Description {
  /** Undefined for one that returns no rows, or whose columns depend on its parameters. */
  readonly dataset: Schema | undefined;
  readonly parameters: Schema;
  /** Undefined when only running it can tell. */
  readonly isUpdate: boolean | undefined;
}

export async function describe(connection: DuckDBConnection, sql: string, locked: boolean): Promise<Description> {
  const script = await parseScript(connection, sql, locked);
  if (script.count !== 1)
    throw new ConnectError("One statement is prepared at a time; the text has several.", Code.InvalidArgument);
  const statement = await script.prepare(0);
  try {
    const isUpdate = changesRows(statement, sql);
    return {
      dataset: isUpdate ? undefined : statementLayout(statement)?.schema,
      parameters: parameterSchema(statement),
      isUpdate,
    };
  } finally {
    statement.destroySync();
  }
}

const queries: ReadonlySet<StatementType> = new Set([
  StatementType.SELECT,
  StatementType.EXPLAIN,
  StatementType.PRAGMA,
  StatementType.CALL,
  StatementType.RELATION,
]);
const changes: ReadonlySet<StatementType> = new Set([
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
]);

/** Statements that change rows return their count, unless the text asks for rows: RETURNING. */
function changesRows(statement: DuckDBPreparedStatement, sql: string): boolean | undefined {
  const type = statement.statementType;
  if (queries.has(type)) return false;
  if (!changes.has(type)) return type === StatementType.INVALID || type === StatementType.EXTENSION ? undefined : true;
  return !/\breturning\b/i.test(sql) ? true : statement.columnName(0) === "Count" ? undefined : false;
}
