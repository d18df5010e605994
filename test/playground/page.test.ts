// The page in a real Chromium against a real server, whose answers are scripted: what happens is not left to timing.

import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { Field, Int32, Int64, makeVector, Schema, Utf8, vectorFromArray } from "apache-arrow";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PageDriver, shownText } from "./page-driver.ts";
import { type Answer, recordBatch, scriptedBackend } from "./scripted-backend.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const BATCH = 50_000;
const numbers = new Schema([new Field("n", new Int32(), false)]);
const numbersFrom = (start: number, length = BATCH) =>
  recordBatch(numbers, [makeVector(Int32Array.from({ length }, (_, i) => start + i))]);

/** What the server saw of the query "endless". */
let endless = { sent: 0, gone: false };
/** Lets the query "gated" go on behind its first batch. */
let openGate: () => void;
let gate: Promise<void>;

const odd = new Schema([
  new Field("id", new Int64(), true),
  new Field("words", new Utf8(), true),
  new Field("<b>name</b>", new Int32(), true),
]);

const answers: Record<string, Answer> = {
  gated: {
    schema: numbers,
    endpoints: [
      async function* () {
        yield numbersFrom(0);
        await gate;
        for (let i = 1; i < 60; i++) yield numbersFrom(i * BATCH);
      },
    ],
  },
  endless: {
    schema: numbers,
    endpoints: [
      async function* (gone) {
        gone.addEventListener("abort", () => {
          endless.gone = true;
        });
        for (; !gone.aborted; endless.sent++) {
          yield numbersFrom(endless.sent * BATCH);
          await sleep(10);
        }
      },
    ],
  },
  "two endpoints": {
    schema: numbers,
    endpoints: [0, 1].map(
      (part) =>
        async function* () {
          yield numbersFrom(part * BATCH);
        },
    ),
  },
  "odd values": {
    schema: odd,
    endpoints: [
      async function* () {
        yield recordBatch(odd, [
          vectorFromArray([2n ** 63n - 1n, null, 9007199254740993n], new Int64()),
          vectorFromArray(["", null, "<i>two\nlines</i>"], new Utf8()),
          vectorFromArray([1, 2, 1234567], new Int32()),
        ]);
      },
    ],
  },
  nothing: { schema: numbers, endpoints: [async function* () {}] },
  wrong: new ConnectError('Parser Error: syntax error at "wrong"\n\nLINE 1: wrong\n        ^', Code.InvalidArgument),
  "breaks midway": {
    schema: numbers,
    endpoints: [
      async function* () {
        yield numbersFrom(0);
        throw new ConnectError("Out of disk space", Code.ResourceExhausted);
      },
    ],
  },
};

let served: ServedPage;
let page: PageDriver;

beforeAll(async () => {
  served = await servePage(scriptedBackend(["flights", "two words"], answers));
}, 120_000);
afterAll(() => served?.close());

describe("the page", { timeout: 60_000 }, () => {
  beforeAll(() => {
    gate = new Promise((resolve) => {
      openGate = resolve;
    });
  });
  afterEach(async () => {
    // Each failing check would report it anyway: nothing of ours may complain behind the scenes.
    expect(page.complaints).toEqual([]);
    await page.page.context().close();
  });

  it("lists the tables, and shows a table's rows or writes its name", async () => {
    page = await served.open();
    const tables = page.page.getByRole("tree", { name: "Tables" });
    expect(await tables.getByRole("treeitem").allInnerTexts()).toEqual([
      expect.stringMatching(/^flights\b/),
      expect.stringMatching(/^two words\b/),
    ]);
    const editor = page.page.getByRole("textbox", { name: "SQL query" });
    expect(await shownText(editor)).toBe("SELECT *\nFROM flights\nLIMIT 100");
    const item = tables.getByRole("treeitem", { name: "two words" });
    await item.hover();
    await item.getByRole("button", { name: "Show the first 100 rows" }).click();
    expect(await shownText(editor)).toBe('SELECT *\nFROM "two words"\nLIMIT 100');
    expect(await page.ended()).toBe("failed");
    await item.getByRole("button", { name: 'Insert "two words" into the query' }).click();
    expect(await shownText(editor)).toContain('LIMIT 100"two words"');
    // What somebody has written stays.
    await item.getByRole("button", { name: "Show the first 100 rows" }).click();
    expect(await page.page.getByRole("tab").count()).toBe(2);
    expect(await page.ended()).toBe("failed");
  });

  it("shows the first rows while the rest is still on its way, and all of them at last", async () => {
    page = await served.open();
    await page.run("gated");
    expect(await page.row(1)).toEqual(["0"]);
    expect(await page.page.locator("#progress").getAttribute("data-state")).toBe("running");
    await expect.poll(() => page.progress()).toContain("50,000 rows");
    openGate();
    expect(await page.ended()).toBe("done");
    expect(await page.progress()).toMatch(/3,000,000 rows\s+12.0 MB.*1\/1 endpoint/s);
    await page.focusGrid();
    await page.page.keyboard.press("ControlOrMeta+End");
    expect(await page.row(3_000_000)).toEqual(["2999999"]);
    expect((await page.visibleRows()).at(-1)).toBe(3_000_000);
  });

  it("moves by the pixels of the wheel anywhere in three million rows", async () => {
    page = await served.open();
    await page.run("gated");
    await page.ended();
    const grid = page.page.locator(".grid:visible");
    await grid.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await expect.poll(async () => (await page.visibleRows())[0]).toBeGreaterThan(1_000_000);
    const before = (await page.visibleRows())[0]!;
    await grid.hover();
    for (let i = 0; i < 4; i++) await page.page.mouse.wheel(0, 70);
    await expect.poll(async () => (await page.visibleRows())[0]).toBe(before + 10);
    await grid.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    await expect.poll(async () => (await page.visibleRows()).at(-1)).toBe(3_000_000);
    await grid.evaluate((element) => {
      element.scrollTop = 0;
    });
    await expect.poll(async () => (await page.visibleRows())[0]).toBe(1);
  });

  it.each([
    ["Escape", () => page.page.keyboard.press("Escape")],
    ["the button", () => page.page.getByRole("button", { name: "Cancel" }).click()],
    ["the next query", () => page.run("nothing")],
    ["closing the page", () => page.page.goto("about:blank").then(() => {})],
  ])("stops the server by %s", async (_name, stop) => {
    endless = { sent: 0, gone: false };
    page = await served.open();
    await page.run("endless");
    await page.row(1);
    await stop();
    await expect.poll(() => endless.gone, { timeout: 10_000 }).toBe(true);
  });

  it("keeps what it has when a query is cancelled", async () => {
    endless = { sent: 0, gone: false };
    page = await served.open();
    await page.run("endless");
    await page.row(1);
    await page.page.keyboard.press("Escape");
    expect(await page.ended()).toBe("canceled");
    expect(await page.progress()).toContain("Cancelled");
    expect(await page.row(1)).toEqual(["0"]);
    expect(await page.page.getByRole("button", { name: "Cancel" }).isEnabled()).toBe(false);
  });

  it("counts endpoints", async () => {
    page = await served.open();
    await page.run("two endpoints");
    await page.ended();
    expect(await page.progress()).toMatch(/100,000 rows.*2\/2 endpoints/s);
    await page.focusGrid();
    await page.page.keyboard.press("ControlOrMeta+End");
    expect(await page.row(100_000)).toEqual(["99999"]);
  });

  it("marks nulls, keeps every digit and shows text as text", async () => {
    page = await served.open();
    await page.run("odd values");
    expect(await page.row(1)).toEqual(["9223372036854775807", "", "1"]);
    expect(await page.row(2)).toEqual(["null", "null", "2"]);
    expect(await page.row(3)).toEqual(["9007199254740993", "<i>two ⏎ lines</i>", "1234567"]);
    expect(await page.page.locator(".grid .null").count()).toBe(2);
    const heads = page.page.locator(".grid:visible").getByRole("columnheader");
    expect(await heads.allInnerTexts()).toEqual(["#", "id", "words", "<b>name</b>"]);
    await heads.nth(1).hover();
    expect(await shownText(page.page.locator(".tooltip"))).toBe("id: int64\nBIGINT · nullable");
    await page.page.getByLabel("Group digits").check();
    expect(await page.row(3)).toEqual([
      "9 007 199 254 740 993".replaceAll(" ", "\u202f"),
      "<i>two ⏎ lines</i>",
      "1\u202f234\u202f567",
    ]);
  });

  it("moves through the cells by keyboard, tells their whole value, and copies it", async () => {
    page = await served.open();
    await page.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.run("odd values");
    await page.row(1);
    await page.focusGrid();
    for (const key of ["Home", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.page.keyboard.press(key);
    expect(await shownText(page.page.locator(".cell"))).toMatch(/row 3, words: utf8\s+<i>two\nlines<\/i>/);
    const id = await page.page.locator(".grid:visible").getAttribute("aria-activedescendant");
    expect(await shownText(page.page.locator(`#${id}`))).toBe("<i>two ⏎ lines</i>");
    await page.page.keyboard.press("ControlOrMeta+C");
    expect(await page.page.evaluate(() => navigator.clipboard.readText())).toBe("<i>two\nlines</i>");
  });

  it("says so when there are no rows", async () => {
    page = await served.open();
    await page.run("nothing");
    expect(await page.ended()).toBe("done");
    expect(await shownText(page.page.locator(".blank:visible"))).toBe("No rows.");
    expect(await page.page.locator(".grid:visible").getByRole("columnheader").allInnerTexts()).toEqual(["#", "n"]);
  });

  it("shows the server's own words about a wrong query, as they were laid out", async () => {
    page = await served.open();
    await page.run("wrong");
    expect(await page.ended()).toBe("failed");
    const alert = page.page.getByRole("alert");
    expect(await shownText(alert)).toContain("The server does not accept this query.");
    expect(await shownText(alert)).toContain('Parser Error: syntax error at "wrong"\n\nLINE 1: wrong\n        ^');
    await page.run("two endpoints");
    expect(await page.ended()).toBe("done");
    expect(await alert.isVisible()).toBe(false);
  });

  it("tells a server that is away from one that its own policy keeps it from", async () => {
    page = await served.open();
    const dialog = page.page.getByRole("dialog", { name: "Server" });
    await page.page.getByRole("button", { name: "change the server" }).click();
    await dialog.getByLabel("Address").fill("http://127.0.0.1:9");
    await page.page.keyboard.press("Enter");
    await dialog.getByText("This page may not call that server.").waitFor();
    expect(await shownText(dialog.getByRole("alert"))).toContain("http://127.0.0.1:9");
    expect(page.complaints.splice(0).join()).toContain("Content Security Policy");
    await page.page.route("**/*FlightService/*", (route) => route.abort());
    await dialog.getByLabel("Address").fill(served.url);
    await page.page.keyboard.press("Enter");
    await dialog.getByText("The server cannot be reached.").waitFor();
    const side = page.page.getByRole("complementary", { name: "Tables" });
    expect(await shownText(side)).toContain("The server cannot be reached.");
    expect(page.complaints.splice(0).join()).toContain("ERR_FAILED");
  });

  it("keeps the rows that came before a failure", async () => {
    page = await served.open();
    await page.run("breaks midway");
    expect(await page.ended()).toBe("failed");
    expect(await shownText(page.page.getByRole("alert"))).toContain("Out of disk space");
    expect(await page.row(1)).toEqual(["0"]);
    expect(await page.progress()).toMatch(/Failed\s+50,000 rows/);
  });

  it("has its tables in a drawer on a phone, and nothing wider than the screen", async () => {
    page = await served.open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const flights = page.page.getByRole("treeitem", { name: "flights", exact: true });
    expect(await flights.isVisible()).toBe(false);
    await page.page.getByRole("button", { name: "Tables" }).tap();
    await flights.waitFor();
    await page.page.keyboard.press("Escape");
    await flights.waitFor({ state: "hidden" });
    await page.run("odd values");
    await page.row(1);
    expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  it("remembers the query when the page is loaded anew", async () => {
    page = await served.open();
    await page.run("two endpoints");
    await page.ended();
    await page.page.reload();
    expect(await shownText(page.page.getByRole("textbox", { name: "SQL query" }))).toBe("two endpoints");
  });
});
