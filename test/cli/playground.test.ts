import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { upstreamOf } from "../../src/cli/playground.ts";
import { passOn } from "../../src/cli/web-upstream.ts";
import { FlightSqlClient } from "../../src/node.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Backend, type Listening, listen } from "../../src/server/index.ts";
import { type Bin, buildBin } from "./bin.ts";

// The page against servers of each kind of address. What the page does is tested in test/playground; here its calls are
// made by a client that has the page's key.

const token = "t0ken-very-secret";
let bin: Bin;
let server: Listening;
let backend: Backend & { close(): Promise<void> };

beforeAll(async () => {
  backend = await duckdbBackend();
  server = await listen(backend, { tokens: [token] });
  bin = await buildBin("cli-playground");
  const folder = join(bin.folder, "node_modules/flightsql/dist/playground");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "index.html"))) writeFileSync(join(folder, "index.html"), "<h1>page</h1>");
});
afterAll(async () => {
  await bin?.close();
  await server?.close(0);
  await backend?.close();
});

/** A client that calls as the page of a playground does. */
async function pageOf(url: string): Promise<FlightSqlClient> {
  const args = ["playground", "--url", url, "--port", "0"];
  const { address, child } = await bin.serve(args, /playground: (\S+)/, { env: { FLIGHTSQL_TOKEN: token } });
  const answer = await fetch(address, { redirect: "manual" });
  const cookie = answer.headers.getSetCookie()[0]!.split(";")[0]!;
  const client = new FlightSqlClient({ url: new URL("/", address).href, metadata: { cookie }, timeoutMs: 20_000 });
  onTestFinished(async () => {
    await client.close();
    child.kill("SIGKILL");
  });
  return client;
}

it.each(["grpc", "GRPC+TCP", "http", "HTTP"])(
  "%s: queries, uploads, errors, and results that are left",
  async (scheme) => {
    const client = await pageOf(`${scheme}://127.0.0.1:${server.port}`);
    expect(await client.query("SELECT ? + 1 AS n", [41n]).all()).toEqual([{ n: 42n }]);
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: "x".repeat(200) }));
    expect(await client.ingest("uploaded", rows, { mode: "replace" })).toBe(5000n);
    const table = await client.query("SELECT sum(id) AS ids, sum(length(text)) AS letters FROM uploaded").table();
    expect(table.toArray().map(String)).toEqual(['{"ids": 12497500, "letters": 1000000}']);
    await expect(client.query("SELECT * FROM nowhere").all()).rejects.toMatchObject({ code: "invalid_argument" });
    let first = 0;
    for await (const row of client.query("SELECT range AS n FROM range(100000000000)").rows<{ n: bigint }>()) {
      first = Number(row.n);
      if (first === 3) break;
    }
    expect(first).toBe(3);
    expect(await client.query("SELECT 1 AS a").all()).toEqual([{ a: 1 }]);
  },
);

it("a gRPC-Web server that goes away is unavailable, and found again", async () => {
  const short = await listen(backend, { tokens: [token] });
  const client = await pageOf(`http://127.0.0.1:${short.port}`);
  expect(await client.query("SELECT 1 AS a").all()).toEqual([{ a: 1 }]);
  await short.close(0);
  await expect(client.query("SELECT 1 AS a").all()).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining(`no answer of http://127.0.0.1:${short.port}: `),
  });
  const again = await listen(backend, { tokens: [token], port: short.port });
  onTestFinished(() => again.close(0));
  expect(await client.query("SELECT 1 AS a").all()).toEqual([{ a: 1 }]);
});

it("a service below a path of its host", async () => {
  const proxy = createServer((request, response) => {
    if (!request.url?.startsWith("/flight/")) return void response.writeHead(404).end();
    request.url = request.url.slice("/flight".length);
    passOn(request, response, server.url);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  await once(proxy, "listening");
  const client = await pageOf(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/flight/`);
  expect(await client.query("SELECT 1 AS a").all()).toEqual([{ a: 1 }]);
});

it("a url without a port means the port that the client takes", () => {
  expect(upstreamOf("grpc://host")).toBe("grpc://host:80");
  expect(upstreamOf("GRPC+TLS://host/")).toBe("grpc+tls://host:443");
  expect(upstreamOf("grpc+tcp://[::1]")).toBe("grpc+tcp://[::1]:80");
  expect(upstreamOf("grpc+tls://[::1]:31337")).toBe("grpc+tls://[::1]:31337");
  expect(upstreamOf("https://host/flight")).toBe("https://host/flight");
});

it.each([
  ["grpc+unix:///run/flight.sock", 2, "unix sockets"],
  ["http://127.0.0.1:1", 69, "127.0.0.1:1"],
  ["grpc://127.0.0.1:1", 69, "127.0.0.1:1"],
])("%s ends with exit code %i", async (url, code, words) => {
  const ended = await bin.run(["playground", "--url", url, "--port", "0"]);
  expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(words)]);
});
