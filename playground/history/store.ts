import type { Outcome } from "../run.ts";

/** A statement that was run. */
export interface PastRun {
  sql: string;
  /** When it began, in milliseconds since 1970. */
  at: number;
  ms: number;
  rows: number;
  state: Outcome["state"];
  server: string;
}

/** Runs that are kept; the oldest go first. */
export const KEPT_RUNS = 1000;

/** Characters of a statement that is kept; longer ones (data, mostly) are not. */
export const KEPT_CHARACTERS = 100_000;

const RUNS = "runs";

/** The statements that were run in any window, in this browser's IndexedDB. Where that is closed, it is empty. */
export class RunHistory {
  readonly #database: Promise<IDBDatabase | undefined> = open().catch(() => undefined);

  async add(run: PastRun): Promise<void> {
    const database = await this.#database;
    if (!database || run.sql.length > KEPT_CHARACTERS) return;
    const store = database.transaction(RUNS, "readwrite").objectStore(RUNS);
    store.add(run);
    const count = await settled(store.count());
    let over = count - KEPT_RUNS;
    if (over <= 0) return;
    // In one transaction, so that two windows do not both delete for the same run.
    const oldest = store.openKeyCursor();
    oldest.addEventListener("success", () => {
      const cursor = oldest.result;
      if (!cursor || over-- <= 0) return;
      store.delete(cursor.primaryKey);
      cursor.continue();
    });
  }

  /** All runs, the latest first. */
  async all(): Promise<PastRun[]> {
    const database = await this.#database;
    if (!database) return [];
    const runs = await settled<PastRun[]>(database.transaction(RUNS).objectStore(RUNS).getAll());
    return runs.reverse();
  }

  async clear(): Promise<void> {
    const database = await this.#database;
    if (database) await settled(database.transaction(RUNS, "readwrite").objectStore(RUNS).clear());
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("flightsql", 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(RUNS, { autoIncrement: true }));
  return settled(request);
}

function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
