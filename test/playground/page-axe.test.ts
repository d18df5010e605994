// The page in each of its states, checked by axe for what keeps people out.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { BrowserContextOptions } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import type { PageDriver } from "./page-driver.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const file = fileURLToPath(new URL("../../node_modules/vega-datasets/data/weather.csv", import.meta.url));

let axe: string;
let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let served: ServedPage;
let page: PageDriver;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  backend = await duckdbBackend({ files: [file] });
  served = await servePage(backend);
}, 120_000);
afterAll(async () => {
  await served?.close();
  await backend?.close();
});
afterEach(() => page.page.context().close());

/** What WCAG 2 A and AA find wrong: the rule, and the elements. */
async function violations(): Promise<string[]> {
  // Colours on their way from one to another are no state.
  await page.page.evaluate(() => {
    for (const animation of document.getAnimations()) {
      if (animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY) animation.finish();
    }
  });
  await page.page.evaluate(axe);
  const { violations: found } = await page.page.evaluate(async () => {
    // What the script above has put there.
    const { axe } = globalThis as unknown as { axe: { run(context: object, options: object): Promise<AxeResults> } };
    return await axe.run(
      // The editor's suggestions scroll under its keys, by aria-activedescendant: nothing in them takes the focus.
      { exclude: [".cm-tooltip-autocomplete"] },
      { runOnly: ["wcag2a", "wcag2aa", "wcag21aa"] },
    );
  });
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}

const states: Record<string, () => Promise<void>> = {
  empty: async () => {},
  "with a result and an open table": async () => {
    await page.run("SELECT * FROM weather LIMIT 200");
    await page.row(1);
    await page.focusGrid();
    await page.page.keyboard.press("ArrowDown");
    const opener = page.page.getByRole("button", { name: "Tables", exact: true });
    if (await opener.isVisible()) await opener.click();
    await page.page.getByRole("treeitem", { name: "weather" }).first().click();
    await page.page.getByRole("treeitem", { name: "wind" }).waitFor();
  },
  "with several results and a failure": async () => {
    await write("SELECT 1; SELECT 2; SELECT wrong FROM weather");
    await page.page.keyboard.press("ControlOrMeta+Shift+Enter");
    await page.page.getByRole("alert").getByText("Statement 3 of 3").waitFor();
  },
  "with suggestions": async () => {
    await write("SELECT * FROM w");
    await page.page.keyboard.press("Control+Space");
    await page.page.locator(".cm-tooltip-autocomplete").waitFor();
  },
  "with two tabs and a notice": async () => {
    await page.page.keyboard.press("Alt+n");
    await page.page.keyboard.insertText("SELECT 1");
    await page.page.keyboard.press("Alt+n");
    await page.page.keyboard.press("Alt+PageUp");
    await page.page.getByRole("tab", { selected: true }).focus();
    await page.page.keyboard.press("Delete");
    await page.page.getByRole("button", { name: "Undo" }).waitFor();
  },
  "with the server's dialog and its trouble": async () => {
    await page.page.locator("#server").click();
    await page.page.getByLabel("Metadata").fill("wrong");
    await page.page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.page.getByText("no settings for a server").waitFor();
  },
  "with the history": async () => {
    await page.run("SELECT 1 AS a");
    await page.ended();
    await page.page.getByRole("button", { name: "History" }).click();
    await page.page.locator(".past").first().waitFor();
  },
  "with a plan": async () => {
    await page.page.getByRole("button", { name: "Explain" }).click();
    await page.page.locator("#plan pre").first().waitFor();
  },
  "with the keys": async () => {
    await page.page.keyboard.press("Escape");
    await page.page.getByRole("tab", { selected: true }).focus();
    await page.page.keyboard.press("?");
    await page.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  },
};

async function write(sql: string): Promise<void> {
  await page.page.getByRole("textbox", { name: "SQL query" }).click();
  await page.page.keyboard.press("ControlOrMeta+A");
  await page.page.keyboard.insertText(sql);
}

const devices: Record<string, BrowserContextOptions> = {
  "in light colours": { viewport: { width: 1400, height: 900 }, colorScheme: "light" },
  "in dark colours": { viewport: { width: 1400, height: 900 }, colorScheme: "dark" },
  "on a phone": { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

describe.each(Object.entries(devices))("the page %s", { timeout: 60_000 }, (_device, options) => {
  it.each(Object.entries(states))("keeps nobody out %s", async (_state, reach) => {
    page = await served.open(options);
    await reach();
    expect(await violations()).toEqual([]);
    const { viewport } = options;
    expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport!.width);
  });
});

describe("colours", { timeout: 60_000 }, () => {
  it("are the system's until somebody chooses, and the choice is kept", async () => {
    page = await served.open({ colorScheme: "dark" });
    const background = () => page.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    const toggle = page.page.getByRole("button", { name: /^Colours/ });
    await toggle.click();
    expect(await toggle.getAttribute("aria-label")).toBe("Colours: dark");
    await toggle.click();
    expect(await toggle.getAttribute("aria-label")).toBe("Colours: light");
    const light = await background();
    expect(light).not.toBe(dark);
    await page.page.reload();
    await expect.poll(background).toBe(light);
    expect(await violations()).toEqual([]);
    await page.page.getByRole("button", { name: /^Colours/ }).click();
    expect(await background()).toBe(dark);
  });

  it("have a link to the dashboard beside them", async () => {
    page = await served.open();
    await page.page.getByRole("link", { name: "Dashboard" }).click();
    await page.page.waitForURL(/mosaic\.html$/);
  });
});

describe("the keyboard", { timeout: 60_000 }, () => {
  it("gets everywhere, in the order of the page", async () => {
    page = await served.open();
    await page.run("SELECT 1 AS a");
    await page.row(1);
    await page.page.getByRole("link", { name: "Query" }).focus();
    const seen: string[] = [];
    for (let i = 0; i < 30; i++) {
      seen.push(
        await page.page.evaluate(() => {
          const focused = document.activeElement as HTMLElement;
          return focused.ariaLabel || focused.title || focused.textContent.trim() || focused.className;
        }),
      );
      await page.page.keyboard.press("Tab");
    }
    const order = [
      "Query",
      "Result",
      "Dashboard",
      "Keyboard shortcuts",
      "Search tables",
      "weather",
      "Query 1",
      "New query",
      "SQL query",
      "Run",
      "Explain",
    ];
    const found = order.map((name) => seen.findIndex((text) => text.startsWith(name)));
    expect(found).not.toContain(-1);
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  it("skips to the query and to the result", async () => {
    page = await served.open();
    for (const [name, id] of [
      ["Query", "editor"],
      ["Result", "results"],
    ] as const) {
      const link = page.page.getByRole("link", { name, exact: true });
      await link.focus();
      // Out of sight until it has the focus.
      expect((await link.boundingBox())!.y).toBeGreaterThanOrEqual(0);
      await page.page.keyboard.press("Enter");
      expect(await page.page.evaluate(() => document.activeElement?.id)).toBe(id);
    }
  });
});
