import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium } from "playwright";
import { build } from "vite";
import { type Backend, listen } from "../../src/server/index.ts";
import { chromiumPath } from "../support/chromium.ts";
import { PageDriver } from "./page-driver.ts";

export interface ServedPage {
  url: string;
  /** Opens the page anew, with nothing remembered, and waits for its list of tables. */
  open(options?: BrowserContextOptions): Promise<PageDriver>;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Builds the page, serves it and a backend on one port, under the strictest policy it has to work under. */
export async function servePage(backend: Backend): Promise<ServedPage> {
  const folder = await mkdtemp(join(tmpdir(), "flightsql-page-"));
  await build({
    configFile: fileURLToPath(new URL("../../playground/vite.config.ts", import.meta.url)),
    build: { outDir: folder },
    logLevel: "warn",
  });
  const server = await listen(backend, {
    fallback: (request, response) => void sendFile(folder, request.url ?? "/", response),
  });
  const browser = await chromium.launch({ executablePath: await chromiumPath() });
  return {
    url: server.url,
    open: (options) => open(browser, server.url, options),
    async close() {
      await browser.close();
      await server.close(0);
      await rm(folder, { recursive: true });
    },
  };
}

async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<PageDriver> {
  const context = await browser.newContext(options);
  const driver = new PageDriver(await context.newPage());
  await driver.page.goto(url);
  await driver.page.locator("#server-state[data-state=connected]").waitFor({ timeout: 10_000 });
  return driver;
}

async function sendFile(folder: string, address: string, response: ServerResponse): Promise<void> {
  const path = normalize(address === "/" ? "/index.html" : address.replace(/[?#].*/s, ""));
  try {
    const file = await readFile(join(folder, path));
    response.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'",
    });
    response.end(file);
  } catch {
    response.writeHead(404).end();
  }
}
