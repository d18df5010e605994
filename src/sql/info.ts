import { FlightSqlError } from "../errors.ts";
import type { QueryResult } from "./result.ts";

/** What a SqlInfo can be: text, yes or no, a number, a set of bits, texts, or lists by number. */
export type SqlInfoValue = string | boolean | bigint | number | string[] | Map<number, number[]>;

/**
 * Reads the answers of GetSqlInfo.
 *
 * Servers differ in which integer type they use for a value; both are given as they come. Some fail the whole call for
 * one id that they do not know: the ids are then asked one by one, and those that fail are left out.
 */
export async function readSqlInfo(
  ids: readonly number[],
  ask: (ids: readonly number[]) => QueryResult,
): Promise<Map<number, SqlInfoValue>> {
  try {
    return await readAnswers(ask(ids));
  } catch (thrown) {
    if (ids.length < 2 || !isRefusal(thrown)) throw thrown;
  }
  const found = new Map<number, SqlInfoValue>();
  for (const id of ids) {
    try {
      for (const [key, value] of await readAnswers(ask([id]))) found.set(key, value);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
    }
  }
  return found;
}

async function readAnswers(result: QueryResult): Promise<Map<number, SqlInfoValue>> {
  const rows = await result.all<[id: number, value: SqlInfoValue]>({ as: "array" });
  return new Map(rows);
}

function isRefusal(thrown: unknown): boolean {
  return (
    thrown instanceof FlightSqlError &&
    ["invalid_argument", "not_found", "unimplemented", "unknown", "internal"].includes(thrown.code)
  );
}
