// The package in apps that are made with each bundler, from the archive that is published: npm run apps.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright";
import { expect, inject, test } from "vitest";
import { staticFiles } from "../../src/cli/static.ts";
import { chromiumPath } from "../support/chromium.ts";
import type {} from "../support/provided.ts";
import { type Built, buildApp, bundlers, foreign } from "./bundlers.ts";
import { freshApp, run } from "./home.ts";

const served = {
  client: 1,
  bridge: [{ name: "Ada" }],
  dbapi: [["Ada"]],
  kysely: [{ name: "Ada" }],
};

for (const bundler of bundlers) {
  test(`${bundler}: a page queries a server of another origin`, async () => {
    const built = await buildApp(bundler, "browser");
    expectClean(built);
    expect(built.code, "Node built-ins").not.toMatch(
      /(from|import|require\()\s*["'`]node:|\brequire\(["'`](http2?|net|tls|fs)["'`]/,
    );
    expect(await open(built.folder)).toEqual({ isOneCopy: true, rows: 1000, n: "42", refused: "invalid_argument" });
  });

  test(`${bundler}: a Node service in one file`, async () => {
    const built = await buildApp(bundler, "node");
    expectClean(built);
    expect(JSON.parse(await run(process.execPath, ["service.js"], built.folder))).toEqual(served);
  });
}

test("a Node service that is not bundled", async () => {
  expect(JSON.parse(await run(process.execPath, ["service.js"], freshApp("node")))).toEqual(served);
});

function expectClean(built: Built): void {
  expect.soft(built.printed, "warnings").toBe("");
  expect
    .soft(
      built.inputs.some((path) => path.includes("/node_modules/flightsql/")),
      "flightsql is in it",
    )
    .toBe(true);
  expect.soft(foreign(built), "not of the app or its packages").toEqual([]);
}

/** Opens the built page, and returns what it has found out. */
async function open(folder: string): Promise<unknown> {
  const pages = createServer(staticFiles(folder)).listen(0, "127.0.0.1");
  await once(pages, "listening");
  const browser = await chromium.launch({ executablePath: await chromiumPath() });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => complaints.push(message.text()));
    const { port } = pages.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?server=${encodeURIComponent(inject("embedded").web)}`);
    const text = await page.waitForSelector("body:not(:empty)", { timeout: 20_000 }).then(
      (body) => body.innerText(),
      (error: unknown) => String(error),
    );
    expect.soft(complaints, "console").toEqual([]);
    return JSON.parse(text.startsWith("{") ? text : JSON.stringify(text));
  } finally {
    await browser.close();
    pages.close();
  }
}
