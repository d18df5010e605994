import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { staticFiles } from "../../src/cli/static.ts";
import { type Listening, listen } from "../../src/server/listen.ts";

const folder = mkdtempSync(join(tmpdir(), "flightsql-static-"));
const root = join(folder, "site");
let server: Listening;

beforeAll(async () => {
  mkdirSync(join(root, "assets"), { recursive: true });
  mkdirSync(join(folder, "site-other"));
  writeFileSync(join(root, "index.html"), "<h1>here</h1>");
  writeFileSync(join(root, "assets", "a b.js"), "export {}");
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "site-other", "secret.txt"), "secret");
  server = await listen({}, { fallback: staticFiles(root) });
});
afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true });
});

function get(path: string, method = "GET"): Promise<{ status: number; type: string; csp: string; body: string }> {
  return new Promise((resolve, reject) => {
    // The path as it is: a URL would be normalised on the way.
    const call = request({ host: "127.0.0.1", port: server.port, path, method }, (response) => {
      let body = "";
      response.on("data", (part) => {
        body += part;
      });
      response.on("end", () => {
        const { "content-type": type = "", "content-security-policy": csp = "" } = response.headers;
        resolve({ status: response.statusCode!, type, csp: String(csp), body });
      });
    });
    call.on("error", reject);
    call.end();
  });
}

it("files of the folder are served with their type and a content security policy", async () => {
  expect(await get("/")).toMatchObject({ status: 200, type: "text/html; charset=utf-8", body: "<h1>here</h1>" });
  expect(await get("/?server=x#hash")).toMatchObject({ status: 200, body: "<h1>here</h1>" });
  expect(await get("/assets/a%20b.js")).toMatchObject({ status: 200, type: "text/javascript; charset=utf-8" });
  expect((await get("/")).csp).toMatch(/default-src 'none'; script-src 'self';/);
  expect(await get("/", "HEAD")).toMatchObject({ status: 200, body: "" });
});

it.each([
  "/../secret.txt",
  "/..%2fsecret.txt",
  "/%2e%2e/secret.txt",
  "/assets/../../secret.txt",
  "/../site-other/secret.txt",
  "/%00",
  "/%",
  "/assets",
  "/missing",
])("%s is not there", async (path) => {
  expect(await get(path)).toMatchObject({ status: 404, body: "Nothing is here.\n" });
});

it("nothing but reading is answered", async () => {
  expect((await get("/", "DELETE")).status).toBe(405);
});
