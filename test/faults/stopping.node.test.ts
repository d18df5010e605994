import { getEventListeners } from "node:events";
import type { FlightSqlClient } from "flightsql";
import { beforeEach, describe, expect, test } from "vitest";
import type { ClientOptions } from "../../src/flight/options.ts";
import { selfSigned } from "../interop/certificate.ts";
import { numbers, pollInfo } from "./answers.ts";
import { stops } from "./cases.ts";
import { rawServer, silent, tcpServer } from "./dead-ends.ts";
import { connect, expectFault, expectGoodQuery, failure, sleep, until, watchRejections, within } from "./expect.ts";
import { only, type RawServer, type Script } from "./raw-server.ts";
import { setting } from "./wire.ts";

beforeEach(() => watchRejections());

interface Limits {
  signal?: AbortSignal;
  timeoutMs?: number;
}

interface StuckAt {
  /** Of a server of its own; nothing of it is ever good. */
  readonly dead?: () => Promise<ClientOptions>;
  readonly script?: Script;
  readonly options?: Partial<ClientOptions>;
  readonly settings?: Readonly<Record<number, number>>;
  /** The call that gets stuck. */
  readonly call: (client: FlightSqlClient, limits: Limits) => Promise<unknown>;
  /** The RPC that is under way then, and must be reset. */
  readonly rpc?: string;
  /** Whether it is under way. */
  readonly isThere?: (server: RawServer) => boolean;
}

const read = (client: FlightSqlClient, limits: Limits): Promise<unknown> =>
  client.query("q", undefined, limits).table();
const info = (client: FlightSqlClient, limits: Limits): Promise<unknown> => client.execute("q", limits);
const stuck: Script = () => {};
async function* endless() {
  for (let n = 0; ; n++) yield numbers(n);
}

const stages: Readonly<Record<string, StuckAt>> = {
  "connecting: the server never answers": {
    dead: async () => ({ url: `grpc://127.0.0.1:${await tcpServer(silent)}` }),
    call: info,
  },
  "connecting: the TLS handshake is never answered": {
    dead: async () => ({ url: `grpc+tls://127.0.0.1:${await tcpServer(silent)}` }),
    call: info,
  },
  "connecting: HTTP/2 never begins behind TLS": {
    dead: async () => {
      const certificate = selfSigned();
      return { url: `grpc+tls://127.0.0.1:${await tcpServer(silent, certificate)}`, tls: { ca: certificate.cert } };
    },
    call: info,
  },
  "the Handshake of a login": {
    options: { username: "u", password: "p" },
    script: only("Handshake", stuck),
    call: info,
    isThere: (server) => server.count("Handshake") === 1,
  },
  "a token that never comes": {
    options: { token: () => new Promise(() => {}) },
    call: info,
    isThere: () => true,
  },
  "GetFlightInfo, before headers": { script: only("GetFlightInfo", stuck), call: info, rpc: "GetFlightInfo" },
  "GetFlightInfo, behind headers": {
    script: only("GetFlightInfo", (stream) => stream.answer({ fault: { stage: "after headers", act: () => {} } })),
    call: read,
    rpc: "GetFlightInfo",
  },
  "PollFlightInfo, before headers": {
    script: only("PollFlightInfo", stuck),
    call: (client, limits) => client.query("q", undefined, { ...limits, poll: true }).table(),
    rpc: "PollFlightInfo",
  },
  "between polls": {
    script: only("PollFlightInfo", (stream) => stream.answer({ messages: [pollInfo(false)] })),
    call: (client, limits) => client.query("q", undefined, { ...limits, poll: true }).table(),
    isThere: (server) => server.count("PollFlightInfo") > 0,
  },
  "DoGet, before headers": { script: only("DoGet", stuck), call: read, rpc: "DoGet" },
  "DoGet, within a message": {
    script: only("DoGet", (stream) => stream.answer({ fault: { stage: "within a message", act: () => {} } })),
    call: read,
    rpc: "DoGet",
  },
  "DoGet, between messages": {
    script: only("DoGet", (stream) => stream.answer({ fault: { stage: "between messages", act: () => {} } })),
    call: read,
    rpc: "DoGet",
  },
  "DoGet, before trailers": {
    script: only("DoGet", (stream) => stream.answer({ fault: { stage: "before trailers", act: () => {} } })),
    call: read,
    rpc: "DoGet",
  },
  "DoGet of client.doGet": {
    script: only("DoGet", (stream) => stream.answer({ fault: { stage: "between messages", act: () => {} } })),
    call: (client, limits) => client.doGet(Uint8Array.of(1), limits).readAll(),
    rpc: "DoGet",
  },
  "DoPut, before headers": {
    script: only("DoPut", stuck),
    call: (client, limits) => client.executeUpdate("q", undefined, limits),
    rpc: "DoPut",
  },
  "DoPut, the server takes no more": {
    // Nothing is acknowledged: the upload is stuck at the end of its window.
    settings: { [setting.initialWindowSize]: 1000 },
    script: only("DoPut", (stream) => stream.headers()),
    call: (client, limits) => client.ingest("t", [numbers(...new Array<number>(50_000).fill(1))], limits),
    rpc: "DoPut",
  },
  "DoPut, the input goes on and on": {
    script: only("DoPut", (stream) => stream.headers()),
    call: (client, limits) => client.ingest("t", endless(), limits),
    rpc: "DoPut",
  },
  "DoPut, the input never comes": {
    script: only("DoPut", (stream) => stream.headers()),
    call: (client, limits) =>
      client.ingest(
        "t",
        (async function* () {
          yield numbers(1);
          await new Promise(() => {});
        })(),
        limits,
      ),
    rpc: "DoPut",
  },
  "DoPut, before trailers": {
    script: only("DoPut", (stream) => stream.answer({ fault: { stage: "before trailers", act: () => {} } })),
    call: (client, limits) => client.executeUpdate("q", undefined, limits),
    rpc: "DoPut",
  },
  DoAction: {
    script: only("DoAction", stuck),
    call: (client, limits) => client.beginTransaction(limits),
    rpc: "DoAction",
  },
};

/** What ends a call at each stage. */
const ways = {
  "the signal": {
    seen: stops["signal aborted, at any stage"].grpc!,
    limits: (signal: AbortSignal): Limits => ({ signal }),
    end: (stop: AbortController) => stop.abort(reason),
  },
  timeoutMs: {
    seen: stops["timeoutMs over, at any stage"].grpc!,
    limits: (): Limits => ({ timeoutMs: 500 }),
    end: () => {},
  },
  "close()": {
    seen: stops["client closed, at any stage"].grpc,
    limits: (): Limits => ({}),
    end: (_: AbortController, client: FlightSqlClient) => void client.close(),
  },
} as const;
const reason = new Error("the user went away");

for (const [how, { seen, limits, end }] of Object.entries(ways))
  describe(`ended by ${how}`, () => {
    for (const [name, at] of Object.entries(stages))
      test(name, { timeout: 30_000 }, async () => {
        const dead = await at.dead?.();
        const server = await rawServer({
          manners: at.settings === undefined ? {} : { settings: at.settings, acknowledges: false },
        });
        const client = connect(dead ?? { url: server.url, ...at.options });
        server.script = at.script;
        const stop = new AbortController();
        const call = expectFault(at.call(client, limits(stop.signal)), seen, dead?.url ?? server.url, { ms: 15_000 });
        call.catch(() => {});
        if (dead === undefined) {
          const isThere = at.isThere ?? ((one: RawServer) => one.count(at.rpc!) === 1);
          if (how !== "timeoutMs") await until("the call is there", () => isThere(server), 10_000);
        }
        if (how !== "timeoutMs") await sleep(50);
        const ending = performance.now();
        end(stop, client);
        const error = await call;
        if (how === "the signal") expect(error.cause).toBe(reason);
        // The limits of others, which could end it too, are 5 s and more.
        expect(performance.now() - ending).toBeLessThan(4000);
        if (at.rpc !== undefined) {
          const stream = server.calls.findLast(({ method }) => method === at.rpc);
          // A machine without time for us may let the deadline come before the call does.
          if (how !== "timeoutMs") expect(stream).toBeDefined();
          if (stream !== undefined) await within(4000, stream.gone, "the server, which is not told,");
          // CANCEL, unless the whole connection is closed.
          if (how !== "close()") expect(stream?.resetCode ?? 8).toBe(8);
        }
        expect(getEventListeners(stop.signal, "abort")).toEqual([]);
        const calls = server.calls.length;
        // One that the deadline overtook may still be on its way.
        const isLate = at.rpc !== undefined && server.count(at.rpc) === 0;
        server.script = undefined;
        if (how === "close()" || dead !== undefined || at.options !== undefined || at.settings !== undefined) return;
        await expectGoodQuery(client);
        if (!isLate) expect(server.calls.length - calls, "nothing else goes on").toBe(2);
        expect(server.connected, "the connection is kept").toBe(1);
      });
  });

describe("before anything is sent", () => {
  test("a signal that is aborted already, a time that is over already", { timeout: 5000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    const signal = AbortSignal.abort(reason);
    for (const call of [read, info, (c: FlightSqlClient, l: Limits) => c.executeUpdate("q", undefined, l)]) {
      const error = await failure(call(client, { signal }));
      expect([error.code, error.cause]).toEqual(["canceled", reason]);
    }
    expect((await failure(info(client, { timeoutMs: 0 }))).code).toBe("deadline_exceeded");
    expect(server.count("GetFlightInfo") + server.count("DoPut")).toBeLessThanOrEqual(1);
    await expectGoodQuery(client);
  });
});

describe("leaving", () => {
  test("a loop over a result tells the server", { timeout: 5000 }, async () => {
    const server = await rawServer();
    server.script = only("DoGet", (stream) => stream.answer({ fault: { stage: "between messages", act: () => {} } }));
    const client = connect(server.url);
    for await (const _ of client.query("q")) break;
    const stream = server.calls.findLast(({ method }) => method === "DoGet")!;
    await within(1000, stream.gone, "the server, which is not told,");
    expect(stream.resetCode).toBe(8);
    server.script = undefined;
    await expectGoodQuery(client);
    expect(server.connected).toBe(1);
  });

  test("cancel() of a result ends the reading first, and asks the server then", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    server.script = only("DoGet", (stream) => stream.answer({ fault: { stage: "between messages", act: () => {} } }));
    const client = connect(server.url);
    const result = client.query("q");
    const reading = failure(result.table());
    await until("it is there", () => server.count("DoGet") === 1);
    expect(await within(3000, result.cancel())).toBe("cancelled");
    expect((await reading).code).toBe("canceled");
    expect(server.calls.findLast(({ method }) => method === "DoGet")!.resetCode).toBe(8);
  });

  test("cancel() at a server that does not answer it is over in its 5 s", { timeout: 12_000 }, async () => {
    const server = await rawServer();
    server.script = (stream) => (stream.method === "GetFlightInfo" ? stream.answer() : undefined);
    const result = connect(server.url).query("q");
    const reading = failure(result.table(), 8000);
    await until("it is there", () => server.count("DoGet") === 1);
    expect(await within(7000, result.cancel())).toBe("unspecified");
    expect((await reading).code).toBe("canceled");
  });
});

describe("close()", () => {
  test("is idempotent, ends idle connections, and calls afterwards say so", { timeout: 5000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    await expectGoodQuery(client);
    await Promise.all([client.close(), client.close()]);
    await client.close();
    await until("the connection is gone", () => server.connections.length === 0);
    const seen = stops["client closed, at any stage"].grpc;
    await expectFault(client.execute("q"), seen, server.url);
    await expectFault(client.query("q").table(), seen, server.url);
    await expectFault(client.executeUpdate("q"), seen, server.url);
    expect([server.connected, server.connections.length]).toEqual([1, 0]);
  });

  test("with 50 calls under way: all end, each said once", { timeout: 5000 }, async () => {
    const server = await rawServer();
    server.script = only("DoGet", stuck);
    const client = connect(server.url);
    const calls = Array.from({ length: 50 }, () => failure(client.query("q").table()));
    await until("all are there", () => server.count("DoGet") === 50);
    await client.close();
    for (const error of await Promise.all(calls)) expect(error.code).toBe("canceled");
    await until("the connection is gone", () => server.connections.length === 0);
  });

  test("while connecting leaves no connection behind", { timeout: 5000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    const call = failure(client.execute("q"));
    await client.close();
    expect((await call).code).toBe("canceled");
    await sleep(100);
    expect(server.connections.length).toBe(0);
    expect(server.count("GetFlightInfo")).toBe(0);
  });
});
