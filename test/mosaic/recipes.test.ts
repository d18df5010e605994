// The recipes of docs/dashboards.md that need a page: each is built as users build theirs, and opened in Chromium.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/index.ts";
import { codeBlocks } from "../package/code-blocks.ts";
import { root } from "../package/sources.ts";
import { chromiumPath } from "../support/chromium.ts";
import { flights } from "../support/reference.ts";

const folder = join(root, ".cache/recipes");
const blocks = codeBlocks(readFileSync(join(root, "docs/dashboards.md"), "utf8"));
const pages = blocks.filter(({ info }) => info.includes("page"));

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let server: Listening;
let browser: Browser;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { code, line } of pages) {
    writeFileSync(join(folder, `${line}.ts`), fitted(code));
    writeFileSync(join(folder, `${line}.html`), `<!doctype html><script type="module" src="./${line}.ts"></script>`);
  }
  const worker = blocks.find(({ info }) => info.includes("worker"));
  writeFileSync(join(folder, "flights.worker.ts"), fitted(worker?.code ?? ""));
  await build({
    root: folder,
    configFile: false,
    logLevel: "warn",
    resolve: {
      alias: [
        { find: /^flightsql$/, replacement: join(root, "src/web.ts") },
        { find: /^flightsql\/mosaic$/, replacement: join(root, "src/mosaic/index.ts") },
      ],
    },
    worker: { format: "es" },
    build: {
      target: "es2022",
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { input: pages.map(({ line }) => join(folder, `${line}.html`)) },
    },
  });
  backend = await duckdbBackend({ files: [`flights=${flights}`] });
  server = await listen(backend, { fallback: (request, response) => void send(request.url ?? "/", response) });
  browser = await chromium.launch({ executablePath: await chromiumPath() });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.close(0);
  await backend?.close();
});

/** A recipe as it is, but for the server's address and the Worker's file, which is not compiled here beforehand. */
function fitted(code: string): string {
  return code.replaceAll('"http://127.0.0.1:31337"', "self.location.origin").replace(".worker.js", ".worker.ts");
}

async function send(url: string, response: ServerResponse): Promise<void> {
  const file = await readFile(join(folder, "dist", url)).catch(() => null);
  const type = extname(url) === ".html" ? "text/html" : "text/javascript";
  response.writeHead(file === null ? 404 : 200, { "content-type": type }).end(file ?? "");
}

/** Opens the recipe that has this text in it, and waits until `shown` is there; fails with what the page complains of. */
async function open(text: string, shown: (page: Page, logs: string[]) => Promise<void>): Promise<void> {
  const recipe = pages.find(({ code }) => code.includes(text));
  if (recipe === undefined) throw new Error(`no recipe has ${text}`);
  const page = await browser.newPage();
  const complaints: string[] = [];
  const logs: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => (message.type() === "error" ? complaints : logs).push(message.text()));
  await page.goto(`${server.url}/${recipe.line}.html`);
  await shown(page, logs);
  expect(complaints.filter((complaint) => !complaint.includes("404"))).toEqual([]);
  await page.close();
}

test("Mosaic: two histograms", { timeout: 60_000 }, () =>
  open("vg.intervalX", async (page) => {
    for (const chart of [0, 1]) await page.locator(".plot").nth(chart).locator("[data-index] rect").nth(5).waitFor();
  }),
);

test("Observable Plot: a dot for each day", { timeout: 60_000 }, () =>
  open("@observablehq/plot", async (page) => {
    await page.locator("circle").first().waitFor();
    // From January to June, and one flight on the first of July.
    expect(await page.locator("circle").count()).toBe(182);
  }),
);

test("a Worker: the rows arrive on the page", { timeout: 60_000 }, () =>
  open("new Worker", async (_, logs) => {
    await expect.poll(() => logs, { timeout: 30_000 }).toEqual(["100000"]);
  }),
);
