// A page in a Chromium of its own: browser.ts flightsql | fetch. What it runs is page.ts, with the built package.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { build } from "vite";
import { chromiumPath } from "../../test/support/chromium.ts";
import { serveJobs } from "../harness/client.ts";
import { builtFile } from "./ours.ts";
import type { PageApi } from "./page.ts";

declare const bench: PageApi;

const who = process.argv[2]!;

/** The page's script in one file. */
async function bundlePage(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "silent",
    resolve: { alias: { flightsql: fileURLToPath(builtFile("web.js")) } },
    build: {
      write: false,
      modulePreload: false,
      rolldownOptions: {
        input: fileURLToPath(new URL("../clients/page.ts", import.meta.url)),
        output: { codeSplitting: false },
      },
    },
  });
  if (!("output" in result)) throw new Error("vite returned no output");
  return result.output[0].code;
}

async function openPage(): Promise<{ page: Page; close(): Promise<void> }> {
  const script = await bundlePage();
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: ["--js-flags=--expose-gc", "--disable-background-networking", "--disable-component-update"],
  });
  // The proxy's certificate is of its own making.
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction("globalThis.isReady === true", undefined, { timeout: 10_000 });
  return {
    page,
    async close() {
      await browser.close();
      server.close();
    },
  };
}

const { page, close } = await openPage();
await serveJobs(
  async ({ url, statement }) => page.evaluate(([w, u, s]) => bench.run(w!, u!, s!), [who, url, statement]),
  close,
  () => page.evaluate("gc()"),
);
