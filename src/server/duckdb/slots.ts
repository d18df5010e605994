import { Code, ConnectError } from "@connectrpc/connect";

// libuv's own default. Its threads are all that the process has for files, names and DuckDB's blocking calls.
const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4;

let free = Math.max(1, threads - 1);
const waiting = new Set<() => void>();

/**
 * Runs what blocks a thread of libuv's for as long as DuckDB takes to its next rows: hours, with some queries. One thread
 * is left to all else, and whoever waits for a thread can leave.
 *
 * @throws ConnectError canceled, when `gone` is aborted before its turn
 */
export async function inThread<T>(gone: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await turn(gone);
  try {
    return await work();
  } finally {
    const [next] = waiting;
    if (next) next();
    else free++;
  }
}

/** Takes over the thread of another when it is done. */
function turn(gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(go);
      reject(new ConnectError("Nobody waits for the next rows any more.", Code.Canceled));
    };
    const go = (): void => {
      waiting.delete(go);
      gone.removeEventListener("abort", leave);
      resolve();
    };
    if (gone.aborted) return leave();
    gone.addEventListener("abort", leave, { once: true });
    waiting.add(go);
  });
}
