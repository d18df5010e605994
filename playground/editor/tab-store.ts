/** A query in the making. */
export interface QueryTab {
  id: string;
  title: string;
  sql: string;
}

/** The tabs of one window. */
export interface TabSet {
  tabs: QueryTab[];
  /** The id of the one that is shown. */
  active: string;
}

/** What keeps the tabs: the browser's own, or a test's. */
export interface TabStorage {
  local: Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
  session: Pick<Storage, "getItem" | "setItem">;
  /** Missing where the page is not served safely (https, or this machine). */
  locks: Pick<LockManager, "request"> | undefined;
}

const PREFIX = "flightsql.window.";
const OWN = "flightsql.window";

/** Windows whose tabs are kept after they were closed. */
export const KEPT_WINDOWS = 10;

/** Characters of a query that are kept; what is longer is kept in the window alone. */
export const KEPT_CHARACTERS = 1_000_000;

/** Milliseconds in which a page that is just being left lets go of its tabs. */
const HANDOVER_MS = 500;

/**
 * The tabs of this window: as they were before a reload; those of the window that was closed last; or one empty tab.
 *
 * Each window writes its own record and no other's, so that none destroys what another holds. A lock tells which
 * windows are open. Where there are no locks, a new window takes a copy.
 */
export class TabStore {
  readonly #storage: TabStorage;
  readonly #id: string;
  readonly initial: TabSet;

  private constructor(storage: TabStorage, id: string, initial: TabSet) {
    this.#storage = storage;
    this.#id = id;
    this.initial = initial;
  }

  static async open(storage: TabStorage): Promise<TabStore> {
    const { session, locks } = storage;
    const own = session.getItem(OWN);
    const stored = storedWindows(storage);
    const ours = stored.find(({ id }) => id === own);
    const newest = stored[0];
    let id: string | undefined;
    if (own && (!locks || (await hold(locks, own, HANDOVER_MS)))) id = own;
    // A window that was opened out of another one starts with that one's name.
    const duplicated = own !== null && id === undefined;
    if (locks && !duplicated && id === undefined) {
      for (const candidate of stored) {
        if (await hold(locks, candidate.id)) {
          id = candidate.id;
          break;
        }
      }
    }
    const source = duplicated ? ours : (stored.find((window) => window.id === id) ?? (locks ? undefined : newest));
    if (id === undefined) {
      id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
      if (locks) await hold(locks, id);
    }
    session.setItem(OWN, id);
    const store = new TabStore(storage, id, source ? { tabs: source.tabs, active: source.active } : oneEmptyTab());
    await forgetOldest(storage, id);
    return store;
  }

  /** Keeps the tabs; false when the browser has no room for them. */
  save({ tabs, active }: TabSet): boolean {
    const kept = tabs.map((tab) => (tab.sql.length > KEPT_CHARACTERS ? { ...tab, sql: "" } : tab));
    try {
      this.#storage.local.setItem(PREFIX + this.#id, JSON.stringify({ tabs: kept, active, saved: Date.now() }));
      return true;
    } catch {
      return false;
    }
  }
}

function oneEmptyTab(): TabSet {
  return { tabs: [{ id: "1", title: "Query 1", sql: "" }], active: "1" };
}

interface StoredWindow extends TabSet {
  id: string;
  saved: number;
}

/** What windows have left, the latest first. Records that are not of our making are passed over. */
function storedWindows({ local }: TabStorage): StoredWindow[] {
  const windows: StoredWindow[] = [];
  for (let i = 0; i < local.length; i++) {
    const key = local.key(i);
    if (!key?.startsWith(PREFIX)) continue;
    const set = parsed(local.getItem(key) ?? "");
    if (set) windows.push({ ...set, id: key.slice(PREFIX.length) });
  }
  return windows.sort((a, b) => b.saved - a.saved);
}

function parsed(text: string): (TabSet & { saved: number }) | undefined {
  try {
    const { tabs, active, saved } = JSON.parse(text) as Partial<StoredWindow>;
    const isTab = (tab: QueryTab): boolean => [tab.id, tab.title, tab.sql].every((part) => typeof part === "string");
    if (!Array.isArray(tabs) || !tabs.every(isTab) || !tabs.some((tab) => tab.id === active)) return undefined;
    return { tabs, active: String(active), saved: Number(saved) };
  } catch {
    return undefined;
  }
}

async function forgetOldest(storage: TabStorage, own: string): Promise<void> {
  for (const { id } of storedWindows(storage).slice(KEPT_WINDOWS)) {
    if (id === own || (storage.locks && !(await isFree(storage.locks, id)))) continue;
    storage.local.removeItem(PREFIX + id);
  }
}

/** Takes a window's lock until the page goes; false when another window has it. */
function hold(locks: Pick<LockManager, "request">, id: string, waitMs = 0): Promise<boolean> {
  const options = waitMs > 0 ? { signal: AbortSignal.timeout(waitMs) } : { ifAvailable: true };
  return new Promise((resolve) => {
    const held = (lock: Lock | null): Promise<void> | undefined => {
      resolve(lock !== null);
      // Never settles: the browser takes the lock back with the page.
      return lock ? new Promise(() => {}) : undefined;
    };
    locks.request(PREFIX + id, options, held).catch(() => resolve(false));
  });
}

function isFree(locks: Pick<LockManager, "request">, id: string): Promise<boolean> {
  return locks.request(PREFIX + id, { ifAvailable: true }, async (lock) => lock !== null);
}
