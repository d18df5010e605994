// What 10,000 queries leave behind: nothing.

import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create, toBinary } from "@bufbuild/protobuf";
import { FlightSqlClient } from "flightsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FlightDataSchema, FlightInfoSchema } from "../../src/gen/Flight_pb.ts";
import { messages, numbers } from "../support/router.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Timers that wait, those too that do not keep the process alive. */
const timers = new Map<unknown, string>();
const { setTimeout: set, clearTimeout: clear } = globalThis;

beforeAll(() => {
  globalThis.setTimeout = Object.assign((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = set(() => {
      timers.delete(timer);
      callback(...args);
    }, ms);
    timers.set(timer, new Error("set here").stack ?? "");
    return timer;
  }, set) as typeof setTimeout;
  globalThis.clearTimeout = ((timer) => {
    timers.delete(timer);
    clear(timer);
  }) as typeof clearTimeout;
});
afterAll(() => {
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
});

/** gRPC-Web frames: messages, then trailers. */
function answer(messages: readonly Uint8Array[]): () => Response {
  const trailer = new TextEncoder().encode("grpc-status: 0\r\n");
  const frames = [...messages.map((bytes) => frame(0, bytes)), frame(0x80, trailer)];
  return () => new Response(new Blob(frames), { headers: { "content-type": "application/grpc-web+proto" } });
}

function frame(flags: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(5 + bytes.byteLength);
  new DataView(out.buffer).setUint32(1, bytes.byteLength);
  out[0] = flags;
  out.set(bytes, 5);
  return out;
}

const ticket = { ticket: Uint8Array.of(0) };
const info = create(FlightInfoSchema, { endpoint: [{ ticket }, { ticket }], totalRecords: -1n });
const data = [...messages([numbers(1), numbers(2)])].map((init) =>
  toBinary(FlightDataSchema, create(FlightDataSchema, init)),
);
const answers: Readonly<Record<string, () => Response>> = {
  GetFlightInfo: answer([toBinary(FlightInfoSchema, info)]),
  DoGet: answer(data),
};
/** Its body is cut off within the first message. */
const broken = (): Response => {
  const source = {
    pull: (body: ReadableStreamDefaultController<Uint8Array>) =>
      body.desiredSize === 1 ? body.enqueue(Uint8Array.of(0, 0, 0, 1, 0)) : body.error(new TypeError("terminated")),
  };
  return new Response(new ReadableStream(source), { headers: { "content-type": "application/grpc-web" } });
};
const failed = (): Response =>
  new Response(null, { headers: { "content-type": "application/grpc-web", "grpc-status": "13" } });

/** The signals that `fetch` was given, when a test asks for them. */
let given: Set<AbortSignal> | undefined;

/** A client of a server that has one answer for everything, but fails the calls of one method. */
const clientWithout = (method?: string, fail: () => Response = failed): FlightSqlClient =>
  new FlightSqlClient({
    url: "http://scripted.example",
    fetch: async (url, init) => {
      given?.add(init!.signal!);
      const name = String(url).split("/").at(-1)!;
      return (name === method ? fail : (answers[name] ?? failed))();
    },
    token: "t",
    metadata: { database: "d" },
    timeoutMs: 600_000,
    firstByteTimeoutMs: 600_000,
    idleTimeoutMs: 600_000,
    onEvent: () => {},
  });

const client = clientWithout();
const unplanned = clientWithout("GetFlightInfo");
const unread = clientWithout("DoGet");
const cut = clientWithout("DoGet", broken);
const { signal } = new AbortController();
const options = { signal };

/** Every way in and out of a call. */
const uses: Readonly<Record<string, () => Promise<unknown>>> = {
  "table()": () => client.query("q", undefined, options).table(),
  "all()": () => client.query("q", undefined, options).all(),
  "ipc()": () => new Response(client.query("q", undefined, options).ipc()).arrayBuffer(),
  "info() alone": () => client.query("q", undefined, options).info(),
  "schema() and then nothing but cancel()": async () => {
    const result = client.query("q", undefined, options);
    await result.schema();
    await result.cancel();
  },
  "a loop that is left": async () => {
    for await (const _ of client.query("q", undefined, options)) break;
  },
  "doGet in a loop that is left": async () => {
    for await (const _ of client.doGet(Uint8Array.of(0), options)) break;
  },
  "doGet().readAll()": () => client.doGet(Uint8Array.of(0), options).readAll(),
  "execute()": () => client.execute("q", options),
  "a result that nobody asks": async () => client.query("q", undefined, options),
  "a query that fails": () =>
    unplanned
      .query("q", undefined, options)
      .table()
      .catch(() => {}),
  "a read that fails": () =>
    unread
      .query("q", undefined, options)
      .table()
      .catch(() => {}),
  "a read that breaks": () =>
    cut
      .query("q", undefined, options)
      .table()
      .catch(() => {}),
  "an update that fails": () => unplanned.executeUpdate("q", undefined, options).catch(() => {}),
  "a query that is aborted": async () => {
    const controller = new AbortController();
    const reading = client.query("q", undefined, { signal: controller.signal }).table();
    controller.abort();
    await reading.catch(() => {});
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  },
};

async function run(times: number): Promise<void> {
  for (let i = 0; i < times; i++) for (const use of Object.values(uses)) await use();
  // What is still on its way out.
  await new Promise((resolve) => set(resolve, 20));
}

/** Bytes of what is really in use: what has a finalizer needs a turn between two collections. */
async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => set(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}

describe("10,000 calls", () => {
  test.each(Object.entries(uses))("%s: no listener and no timer", async (_, use) => {
    for (let i = 0; i < 10; i++) await use();
    await new Promise((resolve) => set(resolve, 20));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect([...timers.values()].slice(0, 3)).toEqual([]);
  });

  // Node 20 keeps the signal of a request for ever when a listener of it leads back to the request.
  test.each(Object.entries(uses))("%s: no listener on the signals that fetch was given", async (_, use) => {
    given = new Set();
    await use();
    await new Promise((resolve) => set(resolve, 20));
    const left = [...given].map((one) => getEventListeners(one, "abort"));
    given = undefined;
    expect(left).toEqual(left.map(() => []));
  });

  test("no listener, timer, handle or memory is left", { timeout: 120_000 }, async () => {
    const count = Math.ceil(10_000 / Object.keys(uses).length);
    // What is compiled, cached and grown once.
    await run(count / 5);
    const before = await heap();
    const handles = process.getActiveResourcesInfo().sort();
    await run(count);
    const grown = (await heap()) - before;
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect([...timers.values()].slice(0, 3)).toEqual([]);
    expect(process.getActiveResourcesInfo().sort()).toEqual(handles);
    // Scopes that are not let go would be 17 MB; what the engine compiles meanwhile is less than one.
    expect(grown).toBeLessThan(4_000_000);
  });

  test("results that were asked for info() hold nothing, and can still be read", async () => {
    const results = Array.from({ length: 100 }, () => client.query("q", undefined, options));
    await Promise.all(results.map((result) => result.info()));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect([...timers.values()].slice(0, 3)).toEqual([]);
    const tables = await Promise.all(results.map((result) => result.table()));
    expect(tables.map((table) => table.numRows)).toEqual(results.map(() => 4));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect([...timers.values()].slice(0, 3)).toEqual([]);
  });

  test("many calls with one signal warn of no leak, and all end with it", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => {
      warnings.push(warning);
    };
    process.on("warning", note);
    const controller = new AbortController();
    const silent = new FlightSqlClient({
      url: "http://scripted.example",
      fetch: (_, init) => new Promise((_, reject) => init?.signal?.addEventListener("abort", reject)),
    });
    const calls = Array.from({ length: 100 }, () => silent.execute("q", { signal: controller.signal }));
    const ends = Promise.allSettled(calls);
    // Until the last of them has called fetch.
    await new Promise((resolve) => set(resolve, 50));
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort("enough");
    for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { cause: "enough" } });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await new Promise((resolve) => set(resolve, 20));
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  test("what stops a result while it holds nothing, takes effect when it is asked again", async () => {
    const controller = new AbortController();
    const aborted = client.query("q", undefined, { signal: controller.signal });
    await aborted.info();
    controller.abort("enough");
    await expect(aborted.table()).rejects.toMatchObject({ code: "canceled", cause: "enough" });
    const late = client.query("q", undefined, { timeoutMs: 30 });
    await late.info();
    await new Promise((resolve) => set(resolve, 40));
    await expect(late.table()).rejects.toMatchObject({ code: "deadline_exceeded" });
    const closing = clientWithout();
    const closed = closing.query("q");
    await closed.info();
    await closing.close();
    await expect(closed.table()).rejects.toMatchObject({
      code: "canceled",
      message: "DoGet to http://scripted.example: the client was closed",
    });
    const cancelled = client.query("q");
    await cancelled.info();
    await cancelled.cancel();
    await expect(cancelled.table()).rejects.toMatchObject({ code: "canceled" });
  });
});
