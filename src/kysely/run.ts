import type { CompiledQuery, QueryResult } from "kysely";
import { FlightSqlError } from "../errors.ts";
import type {
  CallOptions,
  QueryResult as FlightSqlResult,
  ParameterValue,
  PreparedStatement,
  Transaction,
  ValueOptions,
} from "../sql/index.ts";
import { answerOf, answersChangedRows } from "./answer.ts";

/** The client or one of its transactions. */
export type Source = Pick<Transaction, "query" | "executeUpdate" | "prepare">;

export interface RunOptions {
  readonly values: ValueOptions;
  readonly call: CallOptions;
}

/** Runs a statement and holds all of its rows. */
export async function execute<R>(source: Source, query: CompiledQuery, options: RunOptions): Promise<QueryResult<R>> {
  const sent = await send(source, query, options.call);
  try {
    if (sent.result === null) return { rows: [], numAffectedRows: sent.count };
    const rows = await sent.result.all<R>(options.values);
    return answersChangedRows(query.query) ? { rows, numAffectedRows: BigInt(rows.length) } : { rows };
  } finally {
    await sent.close();
  }
}

/** Runs a statement and gives its rows as they arrive, at most `chunkSize` at a time, waiting for none to fill up. */
export async function* stream<R>(
  source: Source,
  query: CompiledQuery,
  chunkSize: number,
  options: RunOptions,
): AsyncGenerator<QueryResult<R>, void, undefined> {
  if (!Number.isInteger(chunkSize) || chunkSize <= 0) {
    throw new FlightSqlError("invalid_argument", `stream: the chunk size is ${chunkSize}; give a positive integer`);
  }
  const sent = await send(source, query, options.call);
  try {
    if (sent.result === null) {
      yield { rows: [], numAffectedRows: sent.count };
      return;
    }
    for await (const rows of sent.result.rowBatches<R>(options.values)) {
      for (let i = 0; i < rows.length; i += chunkSize) yield { rows: rows.slice(i, i + chunkSize) };
    }
  } finally {
    await sent.close();
  }
}

/** A statement under way as a query, or done as an update. */
type Sent = { close(): Promise<void> } & (
  | { readonly result: FlightSqlResult }
  | { readonly result: null; readonly count: bigint }
);

const nothing = async (): Promise<void> => {};

async function send(source: Source, { query, sql, parameters }: CompiledQuery, call: CallOptions): Promise<Sent> {
  // The client checks the values and says which one it cannot send.
  const params = parameters.length === 0 ? undefined : (parameters as readonly ParameterValue[]);
  switch (answerOf(query, sql)) {
    case "rows":
      return { result: source.query(sql, params, call), close: nothing };
    case "count":
      return { result: null, count: await source.executeUpdate(sql, params, call), close: nothing };
    default:
      return await sendPrepared(await source.prepare(sql, call), params, call);
  }
}

async function sendPrepared(
  statement: PreparedStatement,
  params: readonly ParameterValue[] | undefined,
  call: CallOptions,
): Promise<Sent> {
  const close = (): Promise<void> => statement.discard();
  // Where the server does not say, a query loses at most a count, and an update would lose rows.
  if (statement.isUpdate !== true) return { result: statement.query(params, call), close };
  try {
    return { result: null, count: await statement.executeUpdate(params, call), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
