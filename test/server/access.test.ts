import { FlightSqlClient, type FlightSqlError } from "flightsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Backend } from "../../src/server/backend.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/index.ts";

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let server: Listening;

beforeAll(async () => {
  backend = await duckdbBackend();
  server = await listen(backend, { tokens: ["first", "second"], users: { ann: "secret" } });
});

afterAll(async () => {
  await server.close(0);
  await backend.close();
});

async function ask(options: Partial<ConstructorParameters<typeof FlightSqlClient>[0] & object>): Promise<string> {
  for (const url of [`grpc://127.0.0.1:${server.port}`, server.url]) {
    const client = new FlightSqlClient({ url, ...options });
    try {
      expect(await client.query("SELECT 1 AS n").all()).toEqual([{ n: 1 }]);
      await client.executeUpdate("SELECT 1");
    } catch (reason) {
      return (reason as FlightSqlError).code;
    } finally {
      await client.close();
    }
  }
  return "ok";
}

test.each([
  ["a token", { token: "second" }, "ok"],
  ["a user and password", { username: "ann", password: "secret" }, "ok"],
  ["the Basic header on a call", { metadata: { authorization: `Basic ${btoa("ann:secret")}` } }, "ok"],
  ["nothing", {}, "unauthenticated"],
  ["another token", { token: "third" }, "unauthenticated"],
  ["an empty token", { metadata: { authorization: "Bearer " } }, "unauthenticated"],
  ["the beginning of a token", { token: "firs" }, "unauthenticated"],
  ["a wrong password", { username: "ann", password: "Secret" }, "unauthenticated"],
  ["an unknown user", { username: "bob", password: "secret" }, "unauthenticated"],
  ["a token as a scheme of its own", { metadata: { authorization: "first" } }, "unauthenticated"],
])("a call with %s", async (_, options, expected) => {
  expect(await ask(options)).toBe(expected);
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

test("no call gets past it", async () => {
  const client = new FlightSqlClient(`grpc://127.0.0.1:${server.port}`);
  const ticket = Uint8Array.of(1);
  const calls: Record<string, () => Promise<unknown>> = {
    listFlights: () => drain(client.flight.listFlights()),
    listActions: () => drain(client.flight.listActions() as AsyncIterable<unknown>),
    getFlightInfo: () => client.execute("SELECT 1"),
    getSchema: () => client.getSchema("SELECT 1"),
    doGet: () => client.doGet(ticket).readAll(),
    doPut: () => client.executeUpdate("SELECT 1"),
    doAction: () => client.beginTransaction(),
    sessions: () => client.getSessionOptions(),
  };
  const codes: Record<string, string> = {};
  for (const [name, call] of Object.entries(calls)) {
    codes[name] = await call().then(
      () => "ok",
      (reason: FlightSqlError) => reason.code,
    );
  }
  expect(codes).toEqual(Object.fromEntries(Object.keys(calls).map((name) => [name, "unauthenticated"])));
  await client.close();
});

test("beyond this machine a server asks for credentials or does not start", async () => {
  await expect(listen({} as Backend, { host: "0.0.0.0" })).rejects.toThrow(/give tokens or users/);
});
