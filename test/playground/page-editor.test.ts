// The editor of the page in a real Chromium, against the DuckDB behind the embedded server.

import { fileURLToPath } from "node:url";
import type { Locator } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type PageDriver, shownText } from "./page-driver.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const file = (name: string) => fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let served: ServedPage;
let page: PageDriver;

beforeAll(async () => {
  backend = await duckdbBackend({ files: [file("weather.csv"), file("movies.json")] });
  served = await servePage(backend);
}, 120_000);
afterAll(async () => {
  await served?.close();
  await backend?.close();
});
afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.page.context().close();
});

const editor = (): Locator => page.page.getByRole("textbox", { name: "SQL query" });
const resultTabs = (): Locator => page.page.getByRole("tablist", { name: "Results" }).getByRole("tab");

async function write(sql: string): Promise<void> {
  await editor().click();
  await page.page.keyboard.press("ControlOrMeta+A");
  await page.page.keyboard.insertText(sql);
}

/** Puts the cursor that many characters from the start. */
async function cursor(position: number): Promise<void> {
  await page.page.keyboard.press("ControlOrMeta+Home");
  for (let i = 0; i < position; i++) await page.page.keyboard.press("ArrowRight");
}

describe("several statements", { timeout: 60_000 }, () => {
  const sql = "SELECT 1 AS a;\nSELECT ';' AS b; -- two;\nSELECT 3 AS c";

  it("runs the one at the cursor, or the selection", async () => {
    page = await served.open();
    await write(sql);
    const heads = page.page.locator(".grid:visible").getByRole("columnheader");
    for (const [position, name, value] of [
      [3, "a", "1"],
      [20, "b", ";"],
      [sql.length, "c", "3"],
    ] as const) {
      await cursor(position);
      await page.page.keyboard.press("ControlOrMeta+Enter");
      await heads.filter({ hasText: name }).waitFor();
      expect(await page.row(1)).toEqual([value]);
      expect(await resultTabs().count()).toBe(0);
    }
    // "SELECT 3" alone, out of the last one.
    await cursor(sql.length - " AS c".length);
    for (let i = 0; i < "SELECT 3".length; i++) await page.page.keyboard.press("Shift+ArrowLeft");
    await page.page.getByRole("button", { name: /^Run Ctrl/ }).click();
    await expect.poll(() => heads.allInnerTexts()).toContain("3");
  });

  it("runs all, each with a tab for its result", async () => {
    page = await served.open();
    await write(sql);
    await page.page.keyboard.press("ControlOrMeta+Shift+Enter");
    await expect.poll(() => resultTabs().count()).toBe(3);
    await expect.poll(() => page.ended()).toBe("done");
    await expect
      .poll(() => resultTabs().allInnerTexts())
      .toEqual([
        expect.stringMatching(/^1 SELECT 1 AS a\s+1$/),
        expect.stringMatching(/^2 SELECT ';' AS b\s+1$/),
        expect.stringMatching(/^3 SELECT 3 AS c\s+1$/),
      ]);
    expect(await page.row(1)).toEqual(["3"]);
    await resultTabs().first().click();
    expect(await page.row(1)).toEqual(["1"]);
    await page.page.keyboard.press("ArrowRight");
    expect(await page.row(1)).toEqual([";"]);
    expect(await page.page.getByRole("tabpanel", { name: "2 SELECT" }).isVisible()).toBe(true);
    await page.run("SELECT 4 AS d");
    await page.page.locator(".grid:visible").getByRole("columnheader", { name: "d" }).waitFor();
    expect(await resultTabs().count()).toBe(0);
  });

  it("stops at one that fails, and underlines where", async () => {
    page = await served.open();
    await write("SELECT 1 AS a;\n\nSELECT 2,\n  title\nFORM movies;\nSELECT 3");
    await page.page.getByRole("button", { name: "Run all" }).click();
    await expect
      .poll(() => page.page.getByRole("alert").allInnerTexts())
      .toEqual([expect.stringContaining("Statement 2 of 3")]);
    expect(await resultTabs().count()).toBe(2);
    expect(await shownText(page.page.locator(".sql-error"))).toBe("movies");
    await page.page.getByRole("button", { name: "Go to line 5" }).click();
    for (let i = 0; i < "movies".length; i++) await page.page.keyboard.press("Delete");
    expect(await page.page.locator(".sql-error").count()).toBe(0);
    await page.page.keyboard.insertText("x");
    expect(await shownText(editor())).toContain("FORM x;");
    await resultTabs().first().click();
    expect(await page.row(1)).toEqual(["1"]);
  });

  it("stops the rest when it is cancelled", async () => {
    page = await served.open();
    await write("SELECT 1;\nSELECT count(*) FROM range(1e11::BIGINT) t(i) WHERE hash(i) = 1;\nSELECT 3");
    await page.page.keyboard.press("ControlOrMeta+Shift+Enter");
    await expect.poll(() => resultTabs().count()).toBe(2);
    // With a selection, too, which Escape would drop otherwise.
    await page.page.keyboard.press("ControlOrMeta+A");
    await page.page.keyboard.press("Escape");
    expect(await page.ended()).toBe("canceled");
    await expect
      .poll(() => resultTabs().allInnerTexts())
      .toEqual([expect.anything(), expect.stringContaining("cancelled")]);
  });

  it("lists a table that one of them has made", async () => {
    page = await served.open();
    await write("CREATE TABLE fresh (n INTEGER); INSERT INTO fresh VALUES (1), (2)");
    await page.page.keyboard.press("ControlOrMeta+Shift+Enter");
    await page.page.getByRole("treeitem", { name: "fresh" }).waitFor();
    await page.run("SELECT sum(n) AS s FROM fresh");
    await expect.poll(() => page.row(1)).toEqual(["3"]);
    await page.run("DROP TABLE fresh");
    await page.page.getByRole("treeitem", { name: "fresh" }).waitFor({ state: "detached" });
  });
});

describe("suggestions", { timeout: 60_000 }, () => {
  const options = () => page.page.locator(".cm-tooltip-autocomplete li");

  /** Takes the first suggestion; the editor hears no key in the 75 ms after they have come. */
  async function take(): Promise<void> {
    await page.page.waitForTimeout(200);
    await page.page.keyboard.press("Enter");
  }

  it("are tables, and columns with their types", async () => {
    page = await served.open();
    await write("SELECT * FROM mov");
    await page.page.keyboard.press("Control+Space");
    await expect.poll(() => options().allInnerTexts()).toContainEqual(expect.stringMatching(/^movies\s*table$/));
    await page.page.keyboard.press("Escape");
    await write("SELECT  FROM weather");
    await cursor("SELECT ".length);
    await page.page.keyboard.type("temp");
    await expect
      .poll(async () => (await options().allInnerTexts()).slice(0, 2))
      .toEqual([expect.stringMatching(/^temp_max\s*DOUBLE$/), expect.stringMatching(/^temp_min\s*DOUBLE$/)]);
    await take();
    expect(await shownText(editor())).toBe("SELECT temp_max FROM weather");
  });

  it("know aliases, and quote what has to be", async () => {
    page = await served.open();
    await write("SELECT  FROM weather w JOIN movies AS m ON true");
    await cursor("SELECT ".length);
    await page.page.keyboard.type("w.");
    await expect.poll(() => options().allInnerTexts()).toHaveLength(7);
    await page.page.keyboard.press("Backspace");
    await page.page.keyboard.press("Backspace");
    await page.page.keyboard.type("m.rel");
    await expect.poll(() => options().allInnerTexts()).toEqual([expect.stringMatching(/^"Release Date"/)]);
    await take();
    expect(await shownText(editor())).toContain('SELECT m."Release Date" FROM');
  });

  it("keep out of text and comments", async () => {
    page = await served.open();
    await write("SELECT 'mov' -- mov");
    await page.page.keyboard.press("Control+Space");
    await page.page.waitForTimeout(300);
    expect(await options().count()).toBe(0);
  });
});

describe("explain", { timeout: 60_000 }, () => {
  it("shows the plan of the statement at the cursor, as it is laid out", async () => {
    page = await served.open();
    await write("SELECT 1; SELECT location FROM weather WHERE wind > 3");
    await page.page.getByRole("button", { name: "Explain" }).click();
    const plan = page.page.getByRole("dialog", { name: "Query plan" });
    await plan.getByText("SEQ_SCAN").waitFor();
    expect((await shownText(plan.locator("pre"))).split("\n").length).toBeGreaterThan(5);
    await page.page.keyboard.press("Escape");
    await plan.waitFor({ state: "hidden" });
  });

  it("shows what the server says against it", async () => {
    page = await served.open();
    await write("SELECT * FROM nowhere");
    await page.page.getByRole("button", { name: "Explain" }).click();
    await page.page.getByRole("dialog", { name: "Query plan" }).getByText("nowhere does not exist").waitFor();
  });
});

describe("the tables", { timeout: 60_000 }, () => {
  const tree = () => page.page.getByRole("tree", { name: "Tables" });

  it("open to their columns by keyboard", async () => {
    page = await served.open();
    await page.page.keyboard.press("Escape");
    await tree().getByRole("treeitem", { name: "movies" }).focus();
    await page.page.keyboard.press("ArrowDown");
    await page.page.keyboard.press("ArrowRight");
    const wind = tree().getByRole("treeitem", { name: "wind" });
    await wind.waitFor();
    expect(await shownText(wind)).toMatch(/^wind\s+double/i);
    for (const key of ["w", "w", "Enter", "w"]) await page.page.keyboard.press(key);
    await page.page.keyboard.press("End");
    const focused = () => page.page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(await focused()).toBe("weather");
    await page.page.keyboard.press("ArrowLeft");
    expect(await focused()).toBe("weather");
    await page.page.keyboard.press("ArrowLeft");
    expect(await wind.isVisible()).toBe(false);
    await page.page.keyboard.press("Tab");
    expect(await focused()).toBe("Show the first 100 rows of weather");
    await page.page.keyboard.press("Enter");
    expect(await page.ended()).toBe("done");
    expect(await page.progress()).toContain("100 rows");
  });

  it("are found by their names and those of their columns", async () => {
    page = await served.open();
    const search = page.page.getByRole("searchbox", { name: "Search tables and columns" });
    await search.fill("imdb");
    await expect
      .poll(() =>
        tree()
          .getByRole("treeitem")
          .evaluateAll((items) => items.map((item) => item.ariaLabel)),
      )
      .toEqual(["movies", "IMDB Rating", "IMDB Votes"]);
    await search.fill("weat");
    await expect.poll(() => tree().getByRole("treeitem").allInnerTexts()).toHaveLength(1);
    await search.fill("no such thing");
    await page.page.getByText("No table or column has “no such thing” in its name.").waitFor();
    await search.fill("");
    await expect.poll(() => tree().getByRole("treeitem").allInnerTexts()).toHaveLength(2);
  });
});
