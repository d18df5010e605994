// What people do with a result, in a real Chromium, under the policy the page is served with.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import {
  Bool,
  Field,
  Float64,
  Int32,
  Int64,
  makeVector,
  Schema,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import type { Download, Locator } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PageDriver, shownText } from "./page-driver.ts";
import { manyTypes } from "./result-sample.ts";
import { type Answer, recordBatch, scriptedBackend } from "./scripted-backend.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const three = new Schema([
  new Field("id", new Int64(), false, new Map([["unit", "pieces"]])),
  new Field("word", new Utf8(), true),
  new Field("ok", new Bool(), true),
]);
const threeRows = recordBatch(three, [
  vectorFromArray([3n, 2n ** 63n - 1n, -5n], new Int64()),
  vectorFromArray(["b\tc", null, "a"], new Utf8()),
  vectorFromArray([true, null, false], new Bool()),
]);
const many = new Schema([new Field("n", new Int32(), false), new Field("x", new Float64(), false)]);
const manyFrom = (start: number, length = 100_000) =>
  recordBatch(many, [
    makeVector(Int32Array.from({ length }, (_, i) => ((start + i) * 7919) % 1_000_003)),
    makeVector(Float64Array.from({ length }, (_, i) => Math.sin(start + i))),
  ]);
const sales = new Schema([
  new Field("at", new TimestampMillisecond(), false),
  new Field("shop", new Utf8(), false),
  new Field("total", new Float64(), false),
]);
const day = Date.UTC(2026, 0, 1);
const types = manyTypes();
const typed = new Schema(Object.entries(types).map(([name, { type }]) => new Field(name, type, true)));
const nested = new Schema([new Field("doc", new Utf8(), true)]);
const lists = new Schema([new Field("list", types.list!.type, true)]);
const long = JSON.stringify({ a: [1, { b: "x".repeat(600) }], big: 1 });

/** Lets "gated" go on behind its first batch. */
let openGate: () => void = () => {};

function answer(schema: Schema, ...batches: ReturnType<typeof recordBatch>[]): Answer {
  return {
    schema,
    endpoints: [
      async function* () {
        yield* batches;
      },
    ],
  };
}

const answers: Record<string, Answer> = {
  "select * from three": answer(three, threeRows),
  many: answer(many, ...Array.from({ length: 10 }, (_, i) => manyFrom(i * 100_000))),
  gated: {
    schema: many,
    endpoints: [
      async function* () {
        yield manyFrom(0, 1000);
        await new Promise<void>((resolve) => {
          openGate = resolve;
        });
        yield manyFrom(1000, 1000);
      },
    ],
  },
  sales: answer(
    sales,
    recordBatch(sales, [
      vectorFromArray(
        Array.from({ length: 60 }, (_, i) => day + Math.floor(i / 2) * 86_400_000),
        new TimestampMillisecond(),
      ),
      vectorFromArray(
        Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? "north" : "south")),
        new Utf8(),
      ),
      makeVector(Float64Array.from({ length: 60 }, (_, i) => i)),
    ]),
  ),
  types: answer(typed, recordBatch(typed, Object.values(types))),
  lists: answer(lists, recordBatch(lists, [types.list!])),
  doc: answer(nested, recordBatch(nested, [vectorFromArray([long, null], new Utf8())])),
};

let served: ServedPage;
let page: PageDriver;

const cells = (row: number): Promise<string[]> => page.row(row);
const head = (name: string): Locator => page.page.getByRole("columnheader", { name, exact: true });
const clipboard = (): Promise<string> => page.page.evaluate(() => navigator.clipboard.readText());
const status = (): Locator => page.page.locator(".result-bar .status");
const caption = (): Locator => page.page.locator("figcaption");

async function show(query: string): Promise<void> {
  page = await served.open();
  await page.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.run(query);
  expect(await page.ended()).toBe("done");
}

async function save(format: string): Promise<{ download: Download; bytes: Buffer }> {
  await page.page.getByRole("button", { name: /^Export/ }).click();
  const [download] = await Promise.all([
    page.page.waitForEvent("download"),
    page.page.getByRole("menuitem", { name: new RegExp(`^${format}`) }).click(),
  ]);
  return { download, bytes: await readFile(await download.path()) };
}

async function complaintsOfAxe(): Promise<string[]> {
  // As an extension would, past the page's own policy.
  await page.page.evaluate(await readFile(axe, "utf8"));
  return await page.page.evaluate(async () => {
    type Axe = { run(root: string): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(".result:not([hidden])");
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}

beforeAll(async () => {
  served = await servePage(scriptedBackend(["three"], answers));
}, 180_000);
afterAll(() => served?.close());

describe("a result", { timeout: 60_000 }, () => {
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.page.context().close();
  });

  it("tells on a header what the schema says", async () => {
    await show("select * from three");
    await head("id").hover();
    expect(await shownText(page.page.locator(".tooltip"))).toBe("id: int64\nBIGINT · not null\nunit = pieces");
  });

  it("is sorted by its headers: up, down, as it came", async () => {
    await show("select * from three");
    await head("id").click();
    await expect.poll(() => cells(1)).toEqual(["-5", "a", "false"]);
    expect(await head("id").getAttribute("aria-sort")).toBe("ascending");
    await head("id").click();
    await expect.poll(() => cells(1)).toEqual(["9223372036854775807", "null", "null"]);
    expect(await head("id").getAttribute("aria-sort")).toBe("descending");
    await head("word").click();
    await expect.poll(async () => (await cells(3))[1]).toBe("null");
    await head("word").click();
    await expect.poll(() => cells(1)).toEqual(["3", "b\tc", "true"]);
    expect((await cells(3))[1]).toBe("null");
    await head("word").click();
    await expect.poll(async () => (await cells(2))[0]).toBe("9223372036854775807");
    expect(await head("word").getAttribute("aria-sort")).toBe("none");
  });

  it("stays responsive while a million rows are sorted, and says what it does", async () => {
    await show("many");
    await page.page.evaluate(() => {
      const state = globalThis as unknown as { longest: number };
      state.longest = 0;
      let last = performance.now();
      const frame = (): void => {
        state.longest = Math.max(state.longest, performance.now() - last);
        last = performance.now();
        requestAnimationFrame(frame);
      };
      frame();
    });
    await head("n").click();
    await expect.poll(() => shownText(status()), { timeout: 20_000 }).toBe("Sorted by n, ascending.");
    expect(await cells(1)).toEqual(["0", "0"]);
    // Half a second on a machine that has other things to do; in one piece it would be longer.
    expect(await page.page.evaluate(() => (globalThis as unknown as { longest: number }).longest)).toBeLessThan(500);
  });

  it("takes rows into the order that come after it was sorted", async () => {
    page = await served.open();
    await page.run("gated");
    await page.row(1);
    await head("n").click();
    await expect.poll(() => shownText(status())).toContain("Sorted");
    openGate();
    expect(await page.ended()).toBe("done");
    await page.focusGrid();
    await page.page.keyboard.press("ControlOrMeta+End");
    await expect.poll(async () => (await cells(2000))[0]).toBe("999461");
  });

  it("is copied by ranges: by mouse, by keys, with names", async () => {
    await show("select * from three");
    await page.page.getByRole("gridcell", { name: "b\tc" }).click();
    await page.page.keyboard.press("ControlOrMeta+C");
    await expect.poll(clipboard).toBe("b\tc");
    await page.page.getByRole("gridcell").first().hover();
    await page.page.mouse.down();
    await page.page.getByRole("gridcell", { name: "null" }).first().hover();
    await page.page.mouse.up();
    expect(await page.page.locator('[role=gridcell][aria-selected="true"]').count()).toBe(4);
    await page.page.keyboard.press("ControlOrMeta+C");
    await expect.poll(clipboard).toBe('3\t"b\tc"\n9223372036854775807\t');
    await page.page.keyboard.press("Home");
    await page.page.keyboard.press("ControlOrMeta+Home");
    await page.page.keyboard.press("Shift+ArrowDown");
    await page.page.keyboard.press("ControlOrMeta+Shift+C");
    await expect.poll(clipboard).toBe("id\n3\n9223372036854775807");
    expect(await shownText(status())).toBe("Copied 2 cells with column names.");
    await page.page.keyboard.press("ControlOrMeta+A");
    expect(await shownText(page.page.locator(".foot"))).toContain("3 rows × 3 columns");
  });

  it("has columns that are resized by dragging, by keys, and to fit", async () => {
    await show("select * from three");
    const width = async (): Promise<number> => (await head("word").boundingBox())!.width;
    const before = await width();
    const grip = head("word").locator(".grip");
    const box = (await grip.boundingBox())!;
    await page.page.mouse.move(box.x + 4, box.y + 8);
    await page.page.mouse.down();
    await page.page.mouse.move(box.x + 104, box.y + 8);
    await page.page.mouse.up();
    expect(await width()).toBe(before + 100);
    expect(await head("word").getAttribute("aria-sort")).toBe("none");
    await grip.dblclick();
    expect(await width()).toBeLessThan(before + 60);
    await page.focusGrid();
    const fitted = (await head("id").boundingBox())!.width;
    for (const key of ["ControlOrMeta+Home", "ArrowUp", "Alt+ArrowRight"]) await page.page.keyboard.press(key);
    expect((await head("id").boundingBox())!.width).toBe(fitted + 16);
    await page.page.keyboard.press("Enter");
    await expect.poll(async () => (await cells(1))[0]).toBe("-5");
  });

  it("shows the whole of a value, laid out", async () => {
    await show("doc");
    await page.focusGrid();
    await page.page.keyboard.press("Enter");
    const dialog = page.page.getByRole("dialog", { name: "Value of a cell" });
    expect(await shownText(dialog.getByRole("region"))).toBe(JSON.stringify(JSON.parse(long), null, 2));
    await dialog.getByRole("button", { name: "Copy" }).click();
    expect(await clipboard()).toBe(long);
    await page.page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(false);
  });

  it("becomes the chart that its columns suit, and another when asked", async () => {
    await show("sales");
    await page.page.getByRole("button", { name: "Chart" }).click();
    await expect.poll(() => shownText(caption())).toBe("Line chart of total by at, coloured by shop.");
    expect(await page.page.locator(".chart svg [aria-label=line] path").count()).toBe(2);
    await page.page.getByRole("combobox", { name: "Mark" }).selectOption("bar");
    await page.page.getByRole("combobox", { name: "x", exact: true }).selectOption({ label: "shop" });
    await page.page.getByRole("combobox", { name: "Value" }).selectOption("sum");
    await page.page.getByRole("combobox", { name: "Colour" }).selectOption("");
    await expect.poll(() => shownText(caption())).toBe("Bar chart of sum of total by shop.");
    expect(await page.page.locator(".chart svg [aria-label=bar] rect").count()).toBe(2);
    expect(await page.page.getByRole("figure").getAttribute("aria-label")).toBe("Bar chart of sum of total by shop");
    expect(await complaintsOfAxe()).toEqual([]);
  });

  it("is drawn in cells when its dots are too many", async () => {
    await show("many");
    await page.page.getByRole("button", { name: "Chart" }).click();
    await expect.poll(() => shownText(caption()), { timeout: 20_000 }).toContain("1,000,000 rows, counted in cells");
    const drawn = await page.page.locator(".chart svg [aria-label=rect] rect").count();
    expect(drawn).toBeGreaterThan(1000);
    expect(drawn).toBeLessThan(6000);
  });

  it("says why it cannot be drawn", async () => {
    await show("lists");
    await page.page.getByRole("button", { name: "Chart" }).click();
    await expect.poll(() => shownText(caption())).toContain("there is nothing to draw");
  });

  it("is summed up a column at a time", async () => {
    await show("select * from three");
    await page.page.getByRole("button", { name: "Summary" }).click();
    const panel = page.page.getByRole("complementary", { name: "Column summary" });
    await expect
      .poll(() => shownText(panel))
      .toMatch(/id\s+int64 not null · BIGINT[\s\S]*Greatest\s+9223372036854775807/);
    await page.page.getByRole("gridcell", { name: "b\tc" }).click();
    await expect.poll(() => shownText(panel)).toMatch(/word[\s\S]*Nulls\s+1 \(33.3 %\)\s+Distinct\s+2\s+Least\s+a/);
    expect(await complaintsOfAxe()).toEqual([]);
  });

  it("is saved, named after its table, with its number of rows on the button", async () => {
    await show("select * from three");
    expect(await page.page.getByRole("button", { name: "Export 3 rows" }).isVisible()).toBe(true);
    const csv = await save("CSV");
    expect(csv.download.suggestedFilename()).toBe("three.csv");
    expect(csv.bytes.toString()).toBe("id,word,ok\r\n3,b\tc,true\r\n9223372036854775807,,\r\n-5,a,false\r\n");
    const json = await save("JSON");
    expect(JSON.parse(json.bytes.toString())[1]).toEqual({ id: "9223372036854775807", word: null, ok: null });
    expect(await shownText(status())).toContain("three.json: 3 rows");
  });

  it("is saved as Parquet and Arrow with every type", async () => {
    await show("types");
    const { bytes } = await save("Parquet");
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    expect((await parquetReadObjects({ file }))[0]).toMatchObject({ i64: 2n ** 63n - 1n, code: "UA" });
    const arrow = await save("Arrow");
    expect(arrow.download.suggestedFilename()).toBe("result.arrows");
    expect([...arrow.bytes.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
  });

  it("is right for axe in dark and light, and fits a phone", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      page = await served.open({ colorScheme });
      await page.run("types");
      await page.row(1);
      await page.focusGrid();
      expect(await complaintsOfAxe()).toEqual([]);
      if (colorScheme === "light") await page.page.context().close();
    }
    await page.page.context().close();
    page = await served.open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await page.run("sales");
    await page.row(1);
    await page.page.getByRole("gridcell", { name: "south" }).first().tap();
    expect(await shownText(page.page.locator(".foot"))).toContain("row 2, shop: utf8");
    await page.page.getByRole("button", { name: "Chart" }).tap();
    await expect.poll(() => shownText(caption())).toContain("Line chart");
    expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
