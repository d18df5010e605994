import { FlightSqlError } from "../errors.ts";
import type { CallOptions, ParameterSet, PreparedStatement, QueryResult } from "../sql/index.ts";
import type { Statements } from "../sql/statements.ts";

/** What became of a statement: rows to read, or a count of changed rows, -1n when the server does not know. */
export type Outcome =
  | { readonly rows: QueryResult; readonly finish: () => Promise<void> }
  | { readonly changed: bigint };

/**
 * Runs a statement once, as a query or as an update, which are different calls in Flight SQL.
 *
 * A text that begins like a query is one. Of any other the server is asked by preparing it: `is_update` decides, or,
 * where it is silent, the columns of its result and the words of the text. What is then refused as unimplemented has
 * not run, and goes the other way.
 *
 * @param left the options of each step, with what remains of the call's time
 */
export async function run(
  on: Statements,
  sql: string,
  params: ParameterSet | undefined,
  left: () => CallOptions,
): Promise<Outcome> {
  if (params === undefined && returnsRows(sql)) return { rows: on.query(sql, undefined, left()), finish: nothing };
  const statement = params === undefined ? await prepareIfPossible(on, sql, left()) : await on.prepare(sql, left());
  if (statement === null) return await runUnprepared(on, sql, left);
  const close = (): Promise<void> => closeQuietly(statement);
  try {
    if (changesData(statement, sql)) {
      const changed = await ifPossible(() => statement.executeUpdate(params, left()), statement.isUpdate !== true);
      if (changed !== null) {
        await close();
        return { changed };
      }
    }
    return { rows: statement.query(params, left()), finish: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Prepares a statement that changes data, binds all sets in one upload, and runs it for each. */
export async function runMany(
  on: Statements,
  sql: string,
  sets: readonly ParameterSet[],
  left: () => CallOptions,
): Promise<bigint> {
  const statement = await on.prepare(sql, left());
  try {
    if (statement.isUpdate === false || returnsRows(sql)) {
      throw new FlightSqlError(
        "unimplemented",
        "executeMany is for statements that change data; this one returns rows",
      );
    }
    return await statement.executeMany(sets, left());
  } finally {
    await closeQuietly(statement);
  }
}

/** Null when the server has no prepared statements. */
function prepareIfPossible(on: Statements, sql: string, options: CallOptions): Promise<PreparedStatement | null> {
  return ifPossible(() => on.prepare(sql, options), true);
}

/** On a server that only the words of the text can be judged for. */
async function runUnprepared(on: Statements, sql: string, left: () => CallOptions): Promise<Outcome> {
  const verb = firstWord(withoutQuotes(sql));
  if (changes.has(verb) || definitions.has(verb)) {
    const changed = await ifPossible(() => on.executeUpdate(sql, undefined, left()), true);
    if (changed !== null) return { changed };
  }
  return { rows: on.query(sql, undefined, left()), finish: nothing };
}

/** Null instead of `unimplemented`, which says that nothing has been done. */
async function ifPossible<T>(call: () => Promise<T>, hasAnotherWay: boolean): Promise<T | null> {
  try {
    return await call();
  } catch (thrown) {
    if (hasAnotherWay && thrown instanceof FlightSqlError && thrown.code === "unimplemented") return null;
    throw thrown;
  }
}

const queries = new Set(["SELECT", "VALUES", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"]);
const changes = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT"]);
const definitions = new Set(["CREATE", "DROP", "ALTER", "TRUNCATE", "GRANT", "REVOKE", "SET", "USE"]);

function returnsRows(sql: string): boolean {
  return queries.has(firstWord(withoutQuotes(sql)));
}

function changesData({ isUpdate, datasetSchema }: PreparedStatement, sql: string): boolean {
  if (isUpdate !== null) return isUpdate;
  const text = withoutQuotes(sql);
  const verb = firstWord(text);
  if (queries.has(verb)) return false;
  if (datasetSchema?.fields.length === 0) return true;
  // Servers describe the count of an INSERT as a column, though it is not what the statement is for.
  if (changes.has(verb)) return !/\breturning\b/i.test(text);
  return datasetSchema === null && definitions.has(verb);
}

/** In capitals; `(` and `;` may stand before it. */
function firstWord(text: string): string {
  return /^[\s(;]*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? "";
}

/** The text without comments and without what stands in quotes. */
function withoutQuotes(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, " ");
}

/** That a server forgets a statement later is no failure of what it was for. */
async function closeQuietly(statement: PreparedStatement): Promise<void> {
  await statement.close().catch(() => {});
}

async function nothing(): Promise<void> {}
