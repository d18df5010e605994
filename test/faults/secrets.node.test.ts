// A token, a password, a parameter and a row's value, looked for in everything that anybody gets to see: errors with all
// that hangs on them, events, progress, URLs and what is printed, whatever goes wrong.

import { inspect } from "node:util";
import { type ClientOptions, FlightSqlClient, FlightSqlError } from "flightsql";
import { beforeEach, describe, expect, inject, onTestFinished, test, vi } from "vitest";
import { statuses } from "./cases.ts";
import { closedPort, rawServer } from "./dead-ends.ts";
import { watchRejections, within } from "./expect.ts";
import { oddAnswers } from "./odd-answers.ts";
import type { Script } from "./raw-server.ts";
import { stages } from "./stages.ts";
import { flag } from "./wire.ts";

beforeEach(() => watchRejections());

const secret = "c4nary-t0ken";
const password = "c4nary-passw0rd";
const value = "c4nary-va1ue";
const found = /c4nary/i;
const basic = Buffer.from(`user:${password}`).toString("base64");

const credentials: Readonly<Record<string, Partial<ClientOptions>>> = {
  "a token": { token: secret },
  "a function that gives a token": { token: async () => secret },
  "a password": { username: "user", password },
  "the metadata of the client": { metadata: { authorization: `Bearer ${secret}` } },
};

const calls: readonly ((client: FlightSqlClient, told: unknown[]) => Promise<unknown>)[] = [
  (client, told) => client.query("q", undefined, { onProgress: (progress) => told.push(progress) }).all(),
  (client) => client.query("q", [value]).all(),
  (client) => client.executeUpdate("q", [value]),
  (client) => client.ingest("t", [{ v: value }]),
  (client) => client.doGet(new TextEncoder().encode(value)).readAll(),
  (client) => client.transaction((tx) => tx.executeUpdate("q")),
  (client) => client.setSessionOptions({ option: value }),
  (client) => client.getSqlInfo([1]),
];

/** Makes all calls, all of which may fail, and gives all that there is to see of them. */
async function seenOf(url: string, options: Partial<ClientOptions>): Promise<{ seen: string; failures: number }> {
  const told: unknown[] = [];
  for (const method of ["log", "info", "warn", "error", "debug"] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((...args) => void told.push(args));
    onTestFinished(() => spy.mockRestore());
  }
  const warn = (warning: Error) => void told.push(warning);
  process.on("warning", warn);
  const limits = { timeoutMs: 1500, connectTimeoutMs: 1000, retry: { maxAttempts: 1 } };
  const client = new FlightSqlClient({ url, ...limits, ...options, onEvent: (event) => told.push(event) });
  let failures = 0;
  for (const call of calls)
    try {
      await within(10_000, call(client, told));
    } catch (error) {
      expect(error).toBeInstanceOf(FlightSqlError);
      failures++;
      const { message, stack, metadata } = error as FlightSqlError;
      told.push(
        message,
        stack,
        JSON.stringify(error, (_, any) => (typeof any === "bigint" ? `${any}` : any)),
        [...metadata],
        String(error),
        error,
      );
    }
  told.push(client);
  await client.close();
  process.off("warning", warn);
  return {
    seen: inspect(told, { depth: 12, showHidden: false, maxStringLength: null, maxArrayLength: null }),
    failures,
  };
}

function expectNone(seen: string): void {
  const at = seen.search(found);
  expect(at < 0 ? "" : seen.slice(Math.max(0, at - 300), at + 100)).toBe("");
  expect(seen).not.toContain(basic);
}

/** Says back all that it was told, as servers do with what they refuse. */
const echo: Script = async (stream) => {
  await stream.requestEnd;
  const authorization = stream.header.get("authorization") ?? "";
  const token = authorization.replace(/^\w+ /, "");
  stream.refuse(7, encodeURIComponent(`${authorization} and ${token} are no good here`), ["x-why", token]);
};

describe.each(Object.entries(credentials))("%s", (_, options) => {
  test("a server that quotes what it refuses", { timeout: 60_000 }, async () => {
    const server = await rawServer();
    server.script = echo;
    const { seen, failures } = await seenOf(server.url, options);
    expect(failures).toBe(calls.length);
    expectNone(seen);
  });

  test("nobody there, the connection cut at each stage, and every odd answer", { timeout: 120_000 }, async () => {
    expectNone((await seenOf(`grpc://127.0.0.1:${await closedPort()}`, options)).seen);
    expectNone((await seenOf(`http://127.0.0.1:${await closedPort()}`, options)).seen);
    const server = await rawServer();
    const scripts: Script[] = [
      ...stages.map(
        (stage): Script =>
          (stream) =>
            stream.answer({ fault: { stage, act: ({ connection }) => connection.end() } }),
      ),
      ...Object.values(oddAnswers).map(
        (answer): Script =>
          async (stream) => {
            await stream.requestEnd;
            const header = Object.entries(answer.header ?? { "content-type": "application/grpc" });
            stream.headers([[":status", "200"], ...header], answer.body === undefined ? flag.endStream : 0);
            for (const bytes of answer.body ?? []) await stream.data(bytes);
            if (answer.body !== undefined && answer.trailer !== undefined) stream.trailers(answer.trailer);
            else if (answer.body !== undefined) stream.rawData(new Uint8Array(0), flag.endStream);
          },
      ),
    ];
    for (const script of scripts) {
      server.script = script;
      const { seen, failures } = await seenOf(server.url, options);
      expect(failures).toBeGreaterThan(0);
      expectNone(seen);
    }
  });

  test("every HTTP status, over fetch", { timeout: 120_000 }, async () => {
    for (const status of Object.keys(statuses)) {
      const name = `secrets-${Math.random().toString(36).slice(2)}`;
      await fetch(`${inject("faults")}/control/${name}`, {
        method: "PUT",
        body: JSON.stringify({ fault: `HTTP ${status}` }),
      });
      const { seen, failures } = await seenOf(`${inject("faults")}/${name}`, options);
      expect(failures).toBe(calls.length);
      expectNone(seen);
    }
  });
});

test("what this package itself refuses is not quoted", async () => {
  const server = await rawServer();
  const client = new FlightSqlClient(server.url);
  onTestFinished(() => client.close());
  const wrong: (() => unknown)[] = [
    () => client.query("q", [() => value] as never).all(),
    () => client.query("q", [Symbol(value)] as never).all(),
    () => client.ingest("t", [{ v: 1 }, { v: value }]),
    () => client.ingest("t", [{ v: value }, { v: 1 }]),
    () => client.ingest("t", [{ v: new Date(Number.NaN), w: value }]),
    () => new FlightSqlClient(`grpc://user:${password}@127.0.0.1:1`),
    () => new FlightSqlClient(`http://127.0.0.1:1/?token=${secret}`),
    () => new FlightSqlClient({ url: server.url, token: secret, username: "user", password }),
    () => client.execute("q", { metadata: { authorization: `Bearer ${secret}\n` } }),
  ];
  for (const [i, call] of wrong.entries()) {
    const error = await Promise.resolve()
      .then(call)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error, `number ${i}`).toBeInstanceOf(Error);
    expectNone(inspect(error, { depth: 12 }));
  }
});
