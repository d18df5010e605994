import { setImmediate as breathe, setTimeout as sleep } from "node:timers/promises";
import type { DuckDBPendingResult } from "@duckdb/node-api";
import { pendingDone } from "./memory.ts";

// How often a statement is asked after without a pause, then at the latest every so many milliseconds.
const eager = 50;
const longestPauseMs = 10;
// What this thread does for a statement: tasks of some 100,000 rows each, and after each nine times as long nothing.
const tasks = 50;
const restFactor = 9;

/** Until when no task is run here, for any statement: on `performance.now()`'s clock. */
let restUntil = 0;

/**
 * Waits until DuckDB is done with a started statement, or has failed.
 *
 * By asking, rather than a call that blocks until then: libuv has four threads for such calls, and four long queries
 * would keep every other one, and every file, waiting. What takes no time is asked after at once, since a timer's
 * millisecond would be most of an INSERT of one row.
 *
 * DuckDB's own threads are not fair: of the statements that have work waiting, they look at three, always the same
 * (its queue's `try_dequeue`, with a place in the list for each connection). Whatever comes behind three long ones is
 * never run. So this thread lends a hand where one waits, for as many tasks as a short statement has, and no more: the
 * last task of a long one can be a merge of seconds, which would stop the event loop.
 */
export async function finished(pending: DuckDBPendingResult): Promise<void> {
  let helped = 0;
  for (let asked = 0; !pendingDone(pending); asked++) {
    if (asked < eager) {
      await breathe();
      continue;
    }
    if (helped < tasks && help(pending)) helped++;
    await sleep(Math.min(asked - eager, longestPauseMs));
  }
}

/** Runs a task of the statement, if there is one left; false while this thread rests. */
function help(pending: DuckDBPendingResult): boolean {
  const start = performance.now();
  if (start < restUntil) return false;
  try {
    pending.runTask();
  } catch {
    // The statement's failure: whoever waits for it asks for that when it is done.
  }
  const end = performance.now();
  restUntil = end + restFactor * (end - start);
  return true;
}
