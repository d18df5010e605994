import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FlightSqlClient } from "../../src/node.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Backend, type Listening, listen } from "../../src/server/index.ts";
import { type Bin, buildBin } from "./bin.ts";

// A server with a token and a login, that tells which database its callers ask for, and quotes what they send.

const token = "t0ken-very-secret";
const password = "p@ss/word:%";
let bin: Bin;
let server: Listening;
let backend: Backend & { close(): Promise<void> };
let host: string;
const databases: (string | null)[] = [];

beforeAll(async () => {
  backend = await duckdbBackend();
  const noting: Backend = {
    ...methods(backend),
    getFlightInfo(command, call) {
      const { requestHeader } = call;
      databases.push(requestHeader.get("database"));
      if (requestHeader.get("x-fail")) {
        const all = [...requestHeader].map(([name, value]) => `${name}: ${value}`).join("; ");
        throw new ConnectError(`refused, as you sent ${all}`, Code.InvalidArgument);
      }
      return backend.getFlightInfo!(command, call);
    },
  };
  server = await listen(noting, { tokens: [token], users: { ann: password } });
  host = `127.0.0.1:${server.port}`;
  bin = await buildBin("cli-connect");
});
afterAll(async () => {
  await bin?.close();
  await server?.close(0);
  await backend?.close();
});

function methods(of: Backend): Backend {
  const { doGet, doPut, doAction, handshake, getSchema } = of;
  const all = { doGet, doPut, doAction, handshake, getSchema };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, method]) => (method ? [[name, (method as () => unknown).bind(of)]] : [])),
  );
}

const ask = ["query", "SELECT 1 AS a"];
const answer = { code: 0, out: "a\n1\n", err: "" };
const login = `ann:${encodeURIComponent(password)}@`;

it("credentials come by options, by the url, by the environment and by a file of it", async () => {
  const file = join(bin.folder, "remote.env");
  writeFileSync(
    file,
    `# ours\nFLIGHTSQL_URL="grpc://${host}"\nexport FLIGHTSQL_TOKEN=${token}\nFLIGHTSQL_DATABASE=filed\n`,
  );
  expect(await bin.run([...ask, "--url", `grpc://${host}`, "--token", token])).toMatchObject(answer);
  expect(await bin.run([...ask, "--url", `grpc://${login}${host}`])).toMatchObject(answer);
  expect(await bin.run(ask, { env: { FLIGHTSQL_URL: `grpc://${host}`, FLIGHTSQL_TOKEN: token } })).toMatchObject(
    answer,
  );
  expect(await bin.run([...ask, "--env-file", file])).toMatchObject(answer);
  const env = { FLIGHTSQL_PASSWORD: password, FLIGHTSQL_URL: `http://ann@${host}` };
  expect(await bin.run(ask, { env })).toMatchObject(answer);
});

it("a database is a header, and the nearest one counts", async () => {
  const env = { FLIGHTSQL_TOKEN: token, FLIGHTSQL_URL: `grpc://${host}`, FLIGHTSQL_DATABASE: "outside" };
  databases.length = 0;
  await bin.run(ask, { env });
  await bin.run([...ask, "-u", `grpc://${host}?database=inside`], { env });
  await bin.run([...ask, "-u", `grpc://${host}?database=inside`, "-d", "given"], { env });
  expect(databases).toEqual(["outside", "inside", "given"]);
});

it("a server that wants other credentials is exit code 77", async () => {
  const { code, err } = await bin.run([...ask, "--url", `grpc://${host}`, "--token", "wrong-secret"]);
  expect(code).toBe(77);
  expect(err).not.toMatch(/wrong-secret/);
});

it.each([
  ["a url that is wrong", ["query", "SELECT 1", "-u", `grpc://ann:${password}@@${"x".repeat(3)}#y`]],
  ["a url in the statement's place", ["query", `grpc://${login}127.0.0.1:1`, "SELECT 1", "-u", "grpc://127.0.0.1:1"]],
  ["a url and no statement", ["query", `grpc://ann:${password}@127.0.0.1:1`, "-u", "grpc://127.0.0.1:1"]],
  ["a url in the command's place", [`grpc://ann:${password}@127.0.0.1:1`]],
  ["an option that is not known", ["query", `--passwort=${password}`, "SELECT 1"]],
  ["a header without a value", ["query", "SELECT 1", "-H", password, "-u", "grpc://127.0.0.1:1"]],
  ["a server that is not there", ["query", "SELECT 1", "-u", `grpc://${login}127.0.0.1:1`]],
  ["parameters that are no JSON", ["query", "SELECT 1", "--params", `["${password}`, "-u", "grpc://127.0.0.1:1"]],
])("%s is reported without the secret in it", async (_, args) => {
  const { code, out, err } = await bin.run(args);
  expect(code).not.toBe(0);
  expect(err).toMatch(/^flightsql/);
  for (const secret of [password, encodeURIComponent(password)]) expect(out + err).not.toContain(secret);
});

it("what a server quotes of our headers is not printed", async () => {
  const key = "0123456789abcdef";
  const url = `grpc://${host}`;
  const { code, err } = await bin.run([
    ...ask,
    "-u",
    url,
    "--token",
    token,
    "-H",
    `x-api-key=${key}`,
    "-H",
    "x-fail=1",
  ]);
  expect(code).toBe(1);
  expect(err).toMatch(/x-api-key: \[redacted\]/);
  expect(err).not.toContain(token);
});

it("the page reaches the server with our credentials, for who has the key", async (context) => {
  const folder = join(bin.folder, "node_modules/flightsql/dist/playground");
  if (!existsSync(folder)) {
    // The package's build makes the real one; what is tested here is how it is served.
    mkdirSync(folder);
    writeFileSync(join(folder, "index.html"), "<h1>page</h1>");
  }
  const args = ["playground", "--url", `grpc://${host}`, "--port", "0"];
  const refused = await bin.run(args);
  expect(refused.code, refused.err).toBe(77);
  const { address, child } = await bin.serve([...args, "--token", token], /playground: (\S+)/);
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?key=/);
  expect(address).not.toContain(token);
  const root = new URL("/", address).href;
  expect((await get(root)).status).toBe(403);
  const opened = await get(address);
  expect(opened).toMatchObject({ status: 303, headers: { location: "/" } });
  const cookie = String(opened.headers["set-cookie"]).split(";")[0]!;
  expect(await get(root, { cookie })).toMatchObject({ status: 200 });
  expect((await get(root, { cookie, host: "evil.example" })).status).toBe(403);
  expect((await get(root, { cookie, origin: "http://localhost:1" })).status).toBe(403);

  for (const [headers, code] of [
    [{ cookie }, null],
    [{}, "permission_denied"],
  ] as const) {
    const client = new FlightSqlClient({ url: root, metadata: headers });
    const result = client.query("SELECT 42 AS a").all();
    if (code === null) expect(await result).toEqual([{ a: 42 }]);
    else await expect(result).rejects.toMatchObject({ code });
    await client.close();
  }
  child.kill("SIGINT");
  context.onTestFinished(() => void child.kill("SIGKILL"));
});

function get(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    });
    call.on("error", reject).end();
  });
}
