// What the page keeps: tabs, history, links; in a real Chromium.

import { Field, Int32, makeVector, Schema } from "apache-arrow";
import type { BrowserContext, Locator, Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PageDriver, shownText } from "./page-driver.ts";
import { recordBatch, scriptedBackend } from "./scripted-backend.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const numbers = new Schema([new Field("n", new Int32(), false)]);
const answer = {
  schema: numbers,
  endpoints: [
    async function* () {
      yield recordBatch(numbers, [makeVector(Int32Array.of(1, 2, 3))]);
    },
  ],
};

let served: ServedPage;
let page: PageDriver;

beforeAll(async () => {
  served = await servePage(scriptedBackend(["flights"], { "SELECT 1": answer, "SELECT 2": answer }));
}, 120_000);
afterAll(() => served?.close());
afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await context().close();
});

const editor = (on: Page = page.page): Locator => on.getByRole("textbox", { name: "SQL query" });
const tabs = (on: Page = page.page): Locator => on.getByRole("tablist", { name: "Queries" }).getByRole("tab");
const titles = async (on?: Page): Promise<string[]> =>
  (await tabs(on).locator(".label").allInnerTexts()).map((text) => text.trim());

/** Loads the page anew, and waits until it is all there. */
async function reload(on: Page = page.page): Promise<void> {
  await on.reload();
  await on.locator("#server-state[data-state=connected]").waitFor();
}

const context = (): BrowserContext => page.page.context();

async function write(sql: string, on: Page = page.page): Promise<void> {
  await editor(on).click();
  await on.keyboard.press("ControlOrMeta+A");
  await on.keyboard.insertText(sql);
}

/** Another window of the same browser. */
async function openWindow(address = served.url): Promise<Page> {
  const other = await context().newPage();
  await other.goto(address);
  await other.locator("#server-state[data-state=connected]").waitFor();
  return other;
}

describe("tabs", { timeout: 60_000 }, () => {
  it("are made, shown, renamed and closed, and each has its own text and undo", async () => {
    page = await served.open();
    await write("first");
    await page.page.getByRole("button", { name: "New query" }).click();
    await page.page.keyboard.insertText("second");
    expect(await titles()).toEqual(["Query 1", "Query 2"]);
    await tabs().first().click();
    expect(await shownText(editor())).toBe("first");
    await page.page.keyboard.press("ControlOrMeta+Z");
    expect(await shownText(editor())).toBe("SELECT *\nFROM flights\nLIMIT 100");
    await tabs().last().dblclick();
    await page.page.keyboard.insertText("Delays");
    await page.page.keyboard.press("Enter");
    expect(await titles()).toEqual(["Query 1", "Delays"]);
    await page.page.keyboard.press("F2");
    await page.page.keyboard.insertText("no");
    await page.page.keyboard.press("Escape");
    expect(await titles()).toEqual(["Query 1", "Delays"]);
    await page.page.keyboard.press("Delete");
    expect(await titles()).toEqual(["Query 1"]);
    await page.page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
    expect(await titles()).toEqual(["Query 1", "Delays"]);
    expect(await shownText(editor())).toBe("second");
  });

  it("are gone through by keyboard", async () => {
    page = await served.open();
    await page.page.keyboard.press("Alt+n");
    await page.page.keyboard.press("Alt+n");
    expect(await titles()).toEqual(["Query 1", "Query 2", "Query 3"]);
    const selected = () => page.page.getByRole("tab", { selected: true }).locator(".label").innerText();
    await page.page.keyboard.press("Alt+PageDown");
    expect(await selected()).toBe("Query 1");
    await page.page.keyboard.press("Alt+PageUp");
    expect(await selected()).toBe("Query 3");
    await tabs().last().focus();
    await page.page.keyboard.press("ArrowLeft");
    expect(await selected()).toBe("Query 2");
    await page.page.keyboard.press("Home");
    expect(await selected()).toBe("Query 1");
  });

  it("come back after a reload, and when the page is opened again", async () => {
    page = await served.open();
    await write("first");
    await page.page.keyboard.press("Alt+n");
    await page.page.keyboard.insertText("second");
    await reload();
    expect(await titles()).toEqual(["Query 1", "Query 2"]);
    expect(await shownText(editor())).toBe("second");
    const other = await openWindow();
    expect(await titles(other)).toEqual(["Query 1"]);
    await page.page.close();
    const again = await openWindow();
    expect(await titles(again)).toEqual(["Query 1", "Query 2"]);
    expect(await shownText(editor(again))).toBe("second");
  });

  it("of one window are safe from those of another", async () => {
    page = await served.open();
    await write("mine");
    const other = await openWindow();
    await write("theirs", other);
    await write("mine, longer");
    await reload(other);
    await reload();
    expect(await shownText(editor())).toBe("mine, longer");
    expect(await shownText(editor(other))).toBe("theirs");
  });
});

describe("the history", { timeout: 60_000 }, () => {
  const dialog = () => page.page.getByRole("dialog", { name: "History" });
  const entries = () => dialog().locator(".past");

  it("has what was run, finds it, and gives it back", async () => {
    page = await served.open();
    for (const sql of ["SELECT 1", "SELECT 2", "SELECT 3"]) {
      await page.run(sql);
      await page.ended();
    }
    await page.page.getByRole("button", { name: "History" }).click();
    await expect
      .poll(() => entries().allInnerTexts())
      .toEqual([
        expect.stringMatching(/^SELECT 3\s[\s\S]*failed[\s\S]*0 rows/),
        expect.stringMatching(/^SELECT 2\s[\s\S]*3 rows[\s\S]*ms[\s\S]*127\.0\.0\.1/),
        expect.stringMatching(/^SELECT 1\s/),
      ]);
    await page.page.keyboard.insertText("failed");
    expect(await entries().count()).toBe(1);
    await dialog().getByRole("searchbox").fill("select 1");
    await entries().first().click();
    expect(await shownText(editor())).toBe("SELECT 1");
    expect(await titles()).toEqual(["Query 1", "Query 2"]);
  });

  it("is there after a reload, and can be forgotten", async () => {
    page = await served.open();
    await page.run("SELECT 1");
    await page.ended();
    await page.page.keyboard.press("Alt+h");
    await expect.poll(() => entries().count()).toBe(1);
    await reload();
    await page.page.keyboard.press("Alt+h");
    await expect.poll(() => entries().count()).toBe(1);
    await dialog().getByRole("button", { name: "Forget all" }).click();
    await dialog().getByText("Nothing has been run yet.").waitFor();
    await dialog().getByRole("button", { name: "Close" }).click();
    await page.page.getByRole("button", { name: "History" }).click();
    await dialog().getByText("Nothing has been run yet.").waitFor();
  });
});

describe("links", { timeout: 60_000 }, () => {
  const sql = "SELECT 'ä', origin\nFROM flights -- #&=";

  async function copied(): Promise<string> {
    await context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.page.getByRole("button", { name: "Copy link" }).click();
    await page.page.getByRole("button", { name: "Copied" }).waitFor();
    return page.page.evaluate(() => navigator.clipboard.readText());
  }

  it("bring the query into a tab of its own, and do not run it", async () => {
    page = await served.open();
    await write(sql);
    const link = await copied();
    expect(link).toMatch(/#sql=[zp][\w-]+$/);
    const other = await openWindow(link);
    expect(await shownText(editor(other))).toBe(sql);
    expect(await titles(other)).toEqual(["Shared"]);
    expect(await other.locator("#progress").getAttribute("data-state")).toBe(null);
    expect(other.url()).not.toContain("#");
    // In a window that has something in it already.
    await page.page.goto(link);
    await expect.poll(() => titles()).toEqual(["Query 1", "Shared"]);
    await reload();
    expect(await titles()).toEqual(["Query 1", "Shared"]);
  });

  it("name another server, and do not turn to it by themselves", async () => {
    page = await served.open();
    const called: string[] = [];
    page.page.on("request", (request) => called.push(new URL(request.url()).host));
    await page.page.goto(
      `${served.url}/#sql=p${btoa("SELECT 1").replaceAll("=", "")}&server=http%3A%2F%2F127.0.0.1%3A9`,
    );
    await page.page.getByRole("alert").getByText("http://127.0.0.1:9").waitFor();
    expect(await shownText(editor())).toBe("SELECT 1");
    expect(called).not.toContain("127.0.0.1:9");
    await page.page.getByRole("button", { name: "Connect to it" }).click();
    expect(await page.page.getByLabel("Address").inputValue()).toBe("http://127.0.0.1:9");
    expect(called).not.toContain("127.0.0.1:9");
  });

  it("that are damaged are told of, and do no harm", async () => {
    page = await served.open();
    await write("mine");
    for (const hash of ["#sql=zAAAA", "#sql=%%%", "#sql="]) {
      await page.page.goto(served.url + hash);
      await page.page.getByRole("alert").getByText("cannot be read").waitFor();
      await page.page.getByRole("button", { name: "Dismiss" }).click();
    }
    expect(await titles()).toEqual(["Query 1"]);
    expect(await shownText(editor())).toBe("mine");
  });
});
