import { expect, it } from "vitest";
import { KEPT_CHARACTERS, KEPT_WINDOWS, type TabStorage, TabStore } from "../../playground/editor/tab-store.ts";

/** A browser: its storage and the locks of its open windows. */
class Browser {
  readonly #local = memory();
  readonly #held = new Set<string>();
  readonly hasLocks: boolean;

  constructor(hasLocks = true) {
    this.hasLocks = hasLocks;
  }

  /** A window with its own session; `from` gives it a copy of another one's, as browsers do. */
  window(from?: Window): Window {
    const session = memory();
    const name = from?.storage.session.getItem("flightsql.window");
    if (name) session.setItem("flightsql.window", name);
    return new Window(this.#local, session, this.hasLocks ? this.#held : undefined);
  }

  get keys(): number {
    return this.#local.length;
  }
}

class Window {
  readonly storage: TabStorage;
  readonly #held: Set<string> | undefined;
  readonly #mine: string[] = [];

  constructor(local: TabStorage["local"], session: TabStorage["session"], held: Set<string> | undefined) {
    this.#held = held;
    const request = async (...args: unknown[]): Promise<unknown> => {
      const [name, options, body] = args as [string, LockOptions, (lock: object | null) => unknown];
      if (held?.has(name)) {
        if (options.signal) throw options.signal.reason;
        return body(null);
      }
      held?.add(name);
      this.#mine.push(name);
      const result = await body({ name });
      held?.delete(name);
      return result;
    };
    // Only what the store uses of the browser's locks.
    this.storage = { local, session, locks: held ? ({ request } as Pick<LockManager, "request">) : undefined };
  }

  open(): Promise<TabStore> {
    return TabStore.open(this.storage);
  }

  close(): void {
    for (const name of this.#mine.splice(0)) this.#held?.delete(name);
  }
}

function memory(): TabStorage["local"] {
  const values = new Map<string, string>();
  return {
    get length() {
      return values.size;
    },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

const set = (sql: string) => ({ tabs: [{ id: "1", title: "Query 1", sql }], active: "1" });
const sqlOf = (store: TabStore) => store.initial.tabs[0]!.sql;

it("begins with one empty tab, and has its tabs back after a reload", async () => {
  const window = new Browser().window();
  const store = await window.open();
  expect(store.initial).toEqual(set(""));
  expect(store.save(set("SELECT 1"))).toBe(true);
  window.close();
  expect(sqlOf(await window.open())).toBe("SELECT 1");
});

it("keeps the windows that are open apart", async () => {
  const browser = new Browser();
  const [a, b] = [browser.window(), browser.window()];
  const first = await a.open();
  first.save(set("a"));
  const second = await b.open();
  expect(second.initial).toEqual(set(""));
  second.save(set("b"));
  first.save(set("a2"));
  for (const window of [a, b]) window.close();
  expect(sqlOf(await a.open())).toBe("a2");
  expect(sqlOf(await b.open())).toBe("b");
});

it("gives a new window the tabs of the one that was closed last, once", async () => {
  const browser = new Browser();
  const window = browser.window();
  (await window.open()).save(set("left"));
  window.close();
  expect(sqlOf(await browser.window().open())).toBe("left");
  expect(sqlOf(await browser.window().open())).toBe("");
});

it.each([true, false])("gives a window opened out of another a copy (locks: %s)", async (hasLocks) => {
  const browser = new Browser(hasLocks);
  const window = browser.window();
  const first = await window.open();
  first.save(set("one"));
  const other = browser.window(hasLocks ? window : undefined);
  const copy = await other.open();
  expect(sqlOf(copy)).toBe("one");
  copy.save(set("two"));
  window.close();
  expect(sqlOf(await window.open())).toBe("one");
});

it("keeps the tabs of so many windows and no more, and never forgets an open one", async () => {
  const browser = new Browser();
  const open = browser.window();
  (await open.open()).save(set("open"));
  for (let i = 0; i < KEPT_WINDOWS + 5; i++) {
    const windows = [browser.window(), browser.window()];
    for (const window of windows) (await window.open()).save(set(`${i}`));
    for (const window of windows) window.close();
  }
  const many = Array.from({ length: KEPT_WINDOWS + 5 }, () => browser.window());
  for (const window of many) (await window.open()).save(set("many"));
  for (const window of many) window.close();
  const last = browser.window();
  await last.open();
  expect(browser.keys).toBeLessThanOrEqual(KEPT_WINDOWS + 1);
  open.close();
  expect(sqlOf(await open.open())).toBe("open");
});

it("passes over what it did not write", async () => {
  const window = new Browser().window();
  for (const text of ["", "{", "{}", '{"tabs":[],"active":"1"}', '{"tabs":[{"id":1}],"active":1}', "null"]) {
    window.storage.local.setItem(`flightsql.window.${text}`, text);
  }
  expect((await window.open()).initial).toEqual(set(""));
});

it("tells when there is no room, and does not keep what is too long", async () => {
  const window = new Browser().window();
  const store = await window.open();
  store.save({
    tabs: [...set("short").tabs, { id: "2", title: "long", sql: "x".repeat(KEPT_CHARACTERS + 1) }],
    active: "1",
  });
  window.close();
  expect((await window.open()).initial.tabs.map((tab) => tab.sql)).toEqual(["short", ""]);
  window.storage.local.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  expect(store.save(set("SELECT 1"))).toBe(false);
});
