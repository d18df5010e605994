// A `fetch`, a transport, an interceptor or an input of the user's own that takes no notice of anything: a call ends in
// its time all the same, at every stage.

import { create } from "@bufbuild/protobuf";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { Table, tableToIPC } from "apache-arrow";
import type { ClientOptions, FlightSqlClient } from "flightsql";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  ActionBeginTransactionResultSchema,
  ActionCreatePreparedStatementResultSchema,
  DoPutPreparedStatementResultSchema,
  DoPutUpdateResultSchema,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { connect, infoOf, type Scripted, scripted } from "../contract/scripted.ts";
import { numbers } from "../support/router.ts";
import { failure, until, watchRejections, within } from "./expect.ts";

beforeEach(() => watchRejections());

interface Limits {
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What gets stuck. It is not stuck any more once `isHealed`. */
interface Stuck {
  /** A method, maybe with its action; or where in the answer to DoGet. */
  readonly at: string | readonly string[];
  isHealed: boolean;
  /** How often it came to that. */
  times: number;
}

const never = (): Promise<never> => new Promise(() => {});

function serverThat(stuck: Stuck): Scripted {
  const pass = async (place: string): Promise<void> => {
    if (stuck.isHealed || ![stuck.at].flat().includes(place)) return;
    stuck.times++;
    await never();
  };
  const backend: Backend = {
    getFlightInfo: async () => infoOf([]),
    async doGet() {
      const chunks = async function* () {
        await pass("before the first batch");
        yield { batch: numbers(1) };
        await pass("between batches");
        yield { batch: numbers(2) };
      };
      return { schema: numbers(1).schema, chunks: chunks() };
    },
    async *doPut(command, upload) {
      const { message } = command as { message: { $typeName: string } };
      for await (const _ of upload);
      yield message.$typeName.endsWith("Query")
        ? create(DoPutPreparedStatementResultSchema, {})
        : create(DoPutUpdateResultSchema, { recordCount: 1n });
    },
    async *doAction({ type }) {
      await pass(`DoAction ${type}`);
      if (type === "BeginTransaction")
        yield create(ActionBeginTransactionResultSchema, { transactionId: Uint8Array.of(1) });
      if (type === "CreatePreparedStatement")
        yield create(ActionCreatePreparedStatementResultSchema, { preparedStatementHandle: Uint8Array.of(1) });
    },
  };
  return scripted(backend, ({ method }) => pass(method));
}

/** The ways to a server that do not say when nobody listens any more. */
const deaf: Readonly<Record<string, (server: Scripted) => ClientOptions>> = {
  fetch: (server) => ({
    url: "http://scripted.example",
    fetch: (input, { signal: _, ...init } = {}) => server.fetch(input, init),
  }),
  "a transport": ({ transport }) => {
    const own: Transport = {
      unary: (method, _signal, _timeoutMs, ...rest) => transport.unary(method, undefined, undefined, ...rest),
      stream: (method, _signal, _timeoutMs, ...rest) => transport.stream(method, undefined, undefined, ...rest),
    };
    return { url: "http://scripted.example", transport: own };
  },
};

const read = (client: FlightSqlClient, limits: Limits): Promise<unknown> =>
  client.query("q", undefined, limits).table();

const stages: Readonly<Record<string, (client: FlightSqlClient, limits: Limits) => Promise<unknown>>> = {
  GetFlightInfo: (client, limits) => client.execute("q", limits),
  DoGet: read,
  "before the first batch": read,
  "between batches": read,
  DoPut: (client, limits) => client.executeUpdate("q", undefined, limits),
  "DoAction CreatePreparedStatement": (client, limits) => client.prepare("q", limits),
  "DoAction BeginTransaction": (client, limits) => client.transaction(async () => {}, limits),
};

const reason = new Error("the user went away");

/** What ends a call, and what it then fails with. */
const ways = {
  "the signal": {
    limits: (signal: AbortSignal): Limits => ({ signal }),
    end: (stop: AbortController) => stop.abort(reason),
    fails: { code: "canceled", message: expect.stringContaining("aborted by the caller"), cause: reason },
  },
  timeoutMs: {
    limits: (): Limits => ({ timeoutMs: 600 }),
    end: () => {},
    fails: { code: "deadline_exceeded", message: expect.stringContaining("not finished within timeoutMs (600 ms)") },
  },
  "close()": {
    limits: (): Limits => ({}),
    end: (_: AbortController, client: FlightSqlClient) => void client.close(),
    fails: { code: "canceled", message: expect.stringContaining("the client was closed") },
  },
} as const;

/** Runs a call that gets stuck, ends it, and looks at how it ends. */
async function expectEnd(
  way: keyof typeof ways,
  client: FlightSqlClient,
  call: (limits: Limits) => Promise<unknown>,
  isStuck: () => boolean,
): Promise<void> {
  const { limits, end, fails } = ways[way];
  const stop = new AbortController();
  const failing = failure(call(limits(stop.signal)), 15_000);
  failing.catch(() => {});
  await until("it is stuck", isStuck, 10_000);
  const started = performance.now();
  end(stop, client);
  expect(await failing).toMatchObject(fails);
  // Not what something else that waits has as its own limit: that is 5 s.
  expect(performance.now() - started).toBeLessThan(4000);
}

for (const way of Object.keys(ways) as (keyof typeof ways)[])
  describe(`ended by ${way}`, () => {
    for (const [kind, optionsOf] of Object.entries(deaf))
      for (const [at, call] of Object.entries(stages))
        test(`over ${kind} that never hears of it: ${at}`, { timeout: 20_000 }, async () => {
          const stuck: Stuck = { at, isHealed: false, times: 0 };
          const client = connect(optionsOf(serverThat(stuck)));
          await expectEnd(
            way,
            client,
            (limits) => call(client, limits),
            () => stuck.times > 0,
          );
          stuck.isHealed = true;
          if (way !== "close()") expect(await within(10_000, client.query("q").all())).toHaveLength(2);
        });

    test("an interceptor that never goes on", { timeout: 20_000 }, async () => {
      let times = 0;
      const interceptor: Interceptor = (next) => async (request) => {
        if (++times <= 1) await never();
        return await next(request);
      };
      const { fetch } = serverThat({ at: "", isHealed: true, times: 0 });
      const client = connect({ url: "http://scripted.example", fetch, interceptors: [interceptor] });
      await expectEnd(
        way,
        client,
        (limits) => client.execute("q", limits),
        () => times > 0,
      );
      if (way !== "close()") expect(await within(10_000, client.query("q").all())).toHaveLength(2);
    });

    for (const place of ["before its answer", "within its answer"])
      test(`a location on the web, ${place}`, { timeout: 20_000 }, async () => {
        const origin = scripted({ getFlightInfo: async () => infoOf(["https://store.example/part"]) });
        const bytes = tableToIPC(new Table([numbers(1)]), "stream");
        let times = 0;
        let cancelled = 0;
        const client = connect({
          ...deaf["a transport"]!(origin),
          fetch: async () => {
            if (place === "before its answer") {
              times++;
              await never();
            }
            const body = new ReadableStream<Uint8Array>(
              {
                start: (controller) => controller.enqueue(bytes.slice(0, bytes.byteLength - 30)),
                pull: () => {
                  times++;
                  return never();
                },
                cancel: () => {
                  cancelled++;
                },
              },
              { highWaterMark: 0 },
            );
            return new Response(body, { headers: { "content-type": "application/vnd.apache.arrow.stream" } });
          },
        });
        await expectEnd(
          way,
          client,
          (limits) => client.query("q", undefined, limits).table(),
          () => times > 0,
        );
        if (place === "within its answer") await until("its source has heard of it", () => cancelled === 1);
      });

    const inputs: Readonly<Record<string, { batches: number; chunkBytes?: number }>> = {
      "whose first batch never comes": { batches: 0 },
      "whose second batch never comes": { batches: 1 },
      "whose next part never comes": { batches: 3, chunkBytes: 1 },
    };
    for (const [name, { batches, ...options }] of Object.entries(inputs))
      for (const [kind, optionsOf] of Object.entries(deaf))
        test(`ingest over ${kind} of an input ${name}`, { timeout: 20_000 }, async () => {
          // The scripted server is in this process, and tells what its calls fail with.
          const told = vi.spyOn(console, "error").mockImplementation(() => {});
          onTestFinished(() => told.mockRestore());
          let given = 0;
          async function* input() {
            for (; given < batches; given++) yield numbers(given);
            given++;
            await never();
          }
          const server = serverThat({ at: "", isHealed: true, times: 0 });
          const client = connect(optionsOf(server));
          await expectEnd(
            way,
            client,
            (limits) => client.ingest("t", input(), { ...limits, ...options }),
            () => given > batches,
          );
          if (way !== "close()") expect(await within(10_000, client.query("q").all())).toHaveLength(2);
        });

    test("ingest over fetch of an input that goes on and on", { timeout: 20_000 }, async () => {
      let given = 0;
      async function* input() {
        for (; ; given++) yield numbers(given);
      }
      const server = serverThat({ at: "", isHealed: true, times: 0 });
      const client = connect({ url: "http://scripted.example", fetch: server.fetch });
      await expectEnd(
        way,
        client,
        (limits) => client.ingest("t", input(), limits),
        () => given > 10,
      );
      const before = given;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(given, "nobody takes any more of it").toBeLessThanOrEqual(before + 1);
    });

    test("a prepared statement that another call is using", { timeout: 20_000 }, async () => {
      const stuck: Stuck = { at: "GetFlightInfo", isHealed: false, times: 0 };
      const client = connect({ ...deaf.fetch!(serverThat(stuck)), timeoutMs: undefined });
      const statement = await client.prepare("q");
      const other = new AbortController();
      const first = failure(statement.query(undefined, { signal: other.signal }).info(), 15_000);
      await until("the first is stuck", () => stuck.times > 0);
      await expectEnd(
        way,
        client,
        (limits) => statement.executeUpdate(undefined, limits),
        () => true,
      );
      other.abort(reason);
      expect((await first).code).toBe("canceled");
      stuck.isHealed = true;
      if (way !== "close()") expect(await statement.executeUpdate()).toBe(1n);
    });

    test("a query with parameters, whose statement cannot be closed either", { timeout: 20_000 }, async () => {
      const at = ["between batches", "DoAction ClosePreparedStatement"];
      const stuck: Stuck = { at, isHealed: false, times: 0 };
      const client = connect(deaf.fetch!(serverThat(stuck)));
      await expectEnd(
        way,
        client,
        (limits) => client.query("q", [1], limits).table(),
        () => stuck.times > 0,
      );
    });
  });

test.each(Object.entries(deaf))("firstByteTimeoutMs and idleTimeoutMs hold over %s that is deaf", async (_, way) => {
  for (const [at, option] of [
    ["GetFlightInfo", "firstByteTimeoutMs"],
    ["DoGet", "firstByteTimeoutMs"],
    ["between batches", "idleTimeoutMs"],
  ] as const) {
    const stuck: Stuck = { at, isHealed: false, times: 0 };
    const client = connect({ ...way(serverThat(stuck)), [option]: 60 });
    const error = await failure(client.query("q").table(), 10_000);
    expect([error.code, error.message]).toEqual(["unavailable", expect.stringContaining(`60 ms (${option})`)]);
    stuck.isHealed = true;
    expect(await client.query("q").all()).toHaveLength(2);
  }
});

describe("leaving", () => {
  test.each(Object.entries(deaf))("a loop over %s that is deaf", { timeout: 20_000 }, async (_, way) => {
    const stuck: Stuck = { at: "between batches", isHealed: false, times: 0 };
    const client = connect(way(serverThat(stuck)));
    const leave = async (): Promise<void> => {
      for await (const _ of client.query("q")) break;
      for await (const _ of client.query("q").rows()) break;
      for await (const _ of client.doGet(Uint8Array.of(1))) break;
    };
    await within(4000, leave());
    const result = client.query("q");
    const reading = failure(result.table(), 10_000);
    await until("it is stuck", () => stuck.times > 3, 10_000);
    await within(4000, result.cancel());
    expect((await reading).code).toBe("canceled");
  });

  test("a transaction whose rollback is never answered ends in 5 s", { timeout: 20_000 }, async () => {
    const stuck: Stuck = { at: "DoAction EndTransaction", isHealed: false, times: 0 };
    const client = connect({ ...deaf.fetch!(serverThat(stuck)), timeoutMs: undefined });
    const body = new Error("the body's own");
    const ended = client.transaction(async () => {
      throw body;
    });
    await expect(within(9000, ended)).rejects.toBe(body);
    expect(stuck.times).toBe(1);
  });
});
