// What the page says of its server, and what it keeps to itself; in a real Chromium.

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Locator } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/index.ts";
import { type PageDriver, shownText } from "./page-driver.ts";
import { type ServedPage, servePage } from "./served-page.ts";

const TOKEN = "a-very-secret-token";
const PASSWORD = "a-very-secret-password";

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let served: ServedPage;
let guarded: Listening;
let page: PageDriver;
const servers: Server[] = [];

beforeAll(async () => {
  backend = await duckdbBackend();
  served = await servePage(backend);
  guarded = await listen(backend, { tokens: [TOKEN], users: { ann: PASSWORD } });
}, 120_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await served?.close();
  await guarded?.close(0);
  await backend?.close();
});
afterEach(() => page.page.context().close());

/** A web server that knows nothing of Flight SQL. */
async function webServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The page under a policy that lets it call any server, as `flightsql serve` delivers it. */
async function openFreely(): Promise<void> {
  page = await served.open({ bypassCSP: true });
}

const dialog = (): Locator => page.page.getByRole("dialog", { name: "Server" });

async function connect(fields: Readonly<Record<string, string>>): Promise<void> {
  if (!(await dialog().isVisible())) await page.page.getByRole("button", { name: "change the server" }).click();
  for (const [label, value] of Object.entries(fields)) await dialog().getByLabel(label).fill(value);
  await dialog().getByRole("button", { name: "Connect", exact: true }).click();
}

const trouble = (): Promise<string> => shownText(dialog().getByRole("alert"));

describe("the server", { timeout: 60_000 }, () => {
  it("is told by name and version", async () => {
    page = await served.open();
    await page.page.getByRole("button", { name: /^DuckDB v\d+\.\d+\.\d+ 127\.0\.0\.1:\d+, connected/ }).click();
    expect(await shownText(dialog())).toMatch(/Connected to DuckDB v[\d.]+ at 127/);
  });

  it("that answers without CORS is told from one that is not there", async () => {
    await openFreely();
    await connect({ Address: await webServer((_, response) => response.end("hello")) });
    await dialog().getByText("does not let this page read it (CORS)").waitFor();
    expect(await trouble()).toContain(`Access-Control-Allow-Origin: ${served.url}`);
    await connect({ Address: "http://127.0.0.1:9" });
    await dialog().getByText("Nobody answers at 127.0.0.1:9.").waitFor();
    expect(await trouble()).toContain("npx flightsql playground --url grpc://127.0.0.1:9");
    const side = page.page.getByRole("complementary", { name: "Tables" });
    expect(await shownText(side)).toContain("Nobody answers at 127.0.0.1:9.");
    await connect({ Address: served.url });
    await dialog().waitFor({ state: "hidden" });
    await page.page.getByRole("button", { name: /, connected/ }).waitFor();
  });

  it("that is a web server only is told as such", async () => {
    await openFreely();
    const address = await webServer(({ method }, response) => {
      response
        .writeHead(method === "OPTIONS" ? 204 : 404, {
          "access-control-allow-origin": "*",
          "access-control-allow-headers": "*",
        })
        .end();
    });
    await connect({ Address: address });
    await dialog().getByText(`There is no Flight SQL server at ${address}.`).waitFor();
  });

  it.each([
    [{ Address: "grpc://127.0.0.1:1" }, "speaks gRPC-Web"],
    [{ Address: "http://ann:secret@127.0.0.1:1" }, "into their own fields"],
    [{ Metadata: "database sensors" }, "“name: value” on each line"],
  ])("is not called by settings such as %j", async (fields, text) => {
    page = await served.open();
    await connect(fields);
    await dialog().getByText(text).waitFor();
    expect(await shownText(page.page.locator("#server"))).toContain(new URL(served.url).host);
  });
});

describe("credentials", { timeout: 60_000 }, () => {
  /** All that the page has put away, and its address. */
  const kept = (): Promise<string> =>
    page.page.evaluate(async () => {
      const names = (await indexedDB.databases()).map(({ name }) => name);
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, names]);
    });

  it("are asked for by a server that wants them, and are never put away", async () => {
    await openFreely();
    await connect({ Address: guarded.url });
    await dialog().getByText("wants to know who you are").waitFor();
    await connect({ Token: `${TOKEN}x` });
    await dialog().getByText("wants to know who you are").waitFor();
    expect(await trouble()).not.toContain(TOKEN);
    await connect({ Token: TOKEN, Metadata: "x-secret: 12345678" });
    await dialog().waitFor({ state: "hidden" });
    await page.run("SELECT 1");
    expect(await page.ended()).toBe("done");
    await page.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.page.getByRole("button", { name: "Copy link" }).click();
    await page.page.getByRole("button", { name: "Copied" }).waitFor();
    const link = await page.page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain(`&server=${encodeURIComponent(guarded.url)}`);
    for (const secret of [TOKEN, "12345678"]) expect((await kept()) + link).not.toContain(secret);
    // The address is remembered for a reload, the token is not.
    await page.page.reload();
    await page.page.getByRole("alert").getByText("wants to know who you are").waitFor();
    await page.page.getByRole("button", { name: "Change the server", exact: true }).click();
    expect(await dialog().getByLabel("Address").inputValue()).toBe(guarded.url);
    expect(await dialog().getByLabel("Token").inputValue()).toBe("");
  });

  it("may be a user and a password", async () => {
    await openFreely();
    await connect({ Address: guarded.url, User: "ann", Password: PASSWORD });
    await dialog().waitFor({ state: "hidden" });
    await page.run("SELECT 1");
    expect(await page.ended()).toBe("done");
    expect(await kept()).toContain('"ann');
    expect(await kept()).not.toContain(PASSWORD);
  });

  it("and metadata go with each call", async () => {
    page = await served.open();
    const sent = page.page.waitForRequest((request) => request.headers().database === "sensors");
    await connect({ Metadata: "database: sensors\n\n x-other : a:b " });
    expect((await sent).headers()).toMatchObject({ database: "sensors", "x-other": "a:b" });
    await dialog().waitFor({ state: "hidden" });
  });
});
