// What is sent again when the server was unavailable, and above all what is not: counted at the server.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallEvent, CallRetried, ClientOptions, FlightSqlClient, FlightSqlErrorCode } from "flightsql";
import { describe, expect, test } from "vitest";
import { FlightDescriptorSchema, FlightInfoSchema } from "../../src/gen/Flight_pb.ts";
import {
  ActionBeginTransactionResultSchema,
  ActionCreatePreparedStatementResultSchema,
  DoPutUpdateResultSchema,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { expectFailure } from "../contract/expect.ts";
import { connect, infoOf, resultOf, type Scripted, scripted, threeRows, utf8, ways } from "../contract/scripted.ts";
import { numbers } from "../support/router.ts";

/** Every failure that gRPC knows. */
const codes = Array.from({ length: 16 }, (_, i) => i + 1) as Code[];

const backend: Backend = {
  ...threeRows,
  getSchema: async () => numbers(1).schema,
  async *listFlights() {
    yield create(FlightInfoSchema, infoOf([]));
  },
  actions: [{ type: "a", description: "" }],
  async *doPut(_, upload) {
    for await (const _ of upload);
    yield create(DoPutUpdateResultSchema, { recordCount: 1n });
  },
  async doExchange(_, upload) {
    for await (const _ of upload);
    return resultOf(numbers(1));
  },
  async *doAction({ type }) {
    if (type === "BeginTransaction")
      yield create(ActionBeginTransactionResultSchema, { transactionId: Uint8Array.of(1) });
    if (type === "CreatePreparedStatement")
      yield create(ActionCreatePreparedStatementResultSchema, { preparedStatementHandle: Uint8Array.of(1) });
    if (type === "GetSessionOptions") yield new Uint8Array(0);
  },
};

/** Fails the first `times` calls of a method. */
function failing(
  method: string,
  failure: ConnectError,
  times = Number.POSITIVE_INFINITY,
  base: Backend = backend,
): Scripted {
  let failures = 0;
  return scripted(base, (call) => {
    if (call.method === method && failures++ < times) throw failure;
  });
}

const unavailable = (headers?: HeadersInit): ConnectError => new ConnectError("not now", Code.Unavailable, headers);

async function drain(all: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of all);
}

const reads: readonly (readonly [name: string, method: string, (client: FlightSqlClient) => Promise<unknown>])[] = [
  ["getTables", "GetFlightInfo", (client) => client.getTables().info()],
  ["getSqlInfo", "GetFlightInfo", (client) => client.getSqlInfo([1]).catch(() => {})],
  ["getSchema", "GetSchema", (client) => client.getSchema("q")],
  ["getTablesSchema", "GetSchema", (client) => client.getTablesSchema()],
  ["listFlights", "ListFlights", (client) => drain(client.flight.listFlights())],
  ["listActions", "ListActions", (client) => drain(client.flight.listActions())],
  ["getSessionOptions", "DoAction", (client) => client.getSessionOptions()],
];

const writes: readonly (readonly [name: string, method: string, (client: FlightSqlClient) => Promise<unknown>])[] = [
  ["executeUpdate", "DoPut", (client) => client.executeUpdate("DELETE")],
  ["ingest", "DoPut", (client) => client.ingest("t", [{ n: 1 }])],
  ["flight.doPut", "DoPut", (client) => drain(client.flight.doPut({ path: ["p"] }, [numbers(1)]))],
  ["bind", "DoPut", async (client) => (await client.prepare("q")).query([1]).info()],
  [
    "doExchange",
    "DoExchange",
    (client) => {
      const exchange = client.flight.doExchange({ path: ["p"] });
      exchange.end();
      return exchange.readChunk();
    },
  ],
  ["doAction", "DoAction", (client) => drain(client.flight.doAction("drop"))],
  ["prepare", "DoAction", (client) => client.prepare("q")],
  ["beginTransaction", "DoAction", (client) => client.beginTransaction()],
  ["setSessionOptions", "DoAction", (client) => client.setSessionOptions({ a: "b" })],
  ["closeSession", "DoAction", (client) => client.closeSession()],
  ["cancel", "DoAction", async (client) => client.flight.cancelFlightInfo(await client.execute("q"))],
  ["renew", "DoAction", async (client) => client.flight.renewFlightEndpoint((await client.execute("q")).endpoints[0]!)],
  ["handshake", "Handshake", (client) => client.flight.handshake(new Uint8Array(0))],
];

const queries: readonly (readonly [name: string, method: string, (client: FlightSqlClient) => Promise<unknown>])[] = [
  ["query", "GetFlightInfo", (client) => client.query("INSERT … RETURNING").all()],
  ["execute", "GetFlightInfo", (client) => client.execute("INSERT … RETURNING")],
  ["flight.getFlightInfo", "GetFlightInfo", (client) => client.flight.getFlightInfo({ cmd: utf8("q") })],
  ["prepared", "GetFlightInfo", async (client) => (await client.prepare("q")).query().all()],
  ["polled", "PollFlightInfo", (client) => client.query("q", undefined, { poll: true }).all()],
];

describe.each(Object.entries(ways))("over %s", (_, way) => {
  const to = (server: Scripted, options: Partial<ClientOptions> = {}): FlightSqlClient =>
    connect({ ...way(server), ...options });

  test.each(reads)("%s is repeated until the server is there", async (_, method, call) => {
    const server = failing(method, unavailable({ "grpc-retry-pushback-ms": "1" }), 2);
    await call(to(server));
    expect(server.count(method)).toBe(3);
  });

  describe.each(writes)("%s", (_, method, call) => {
    test("is sent once, whatever it fails with", async () => {
      for (const code of codes) {
        const server = failing(method, new ConnectError("no", code, { "grpc-retry-pushback-ms": "0" }));
        await call(to(server, { retry: { queries: true, maxAttempts: 9 } })).then(
          () => expect.unreachable(),
          () => {},
        );
        expect(server.count(method), Code[code]).toBe(1);
      }
    });
  });

  test.each(queries)("%s is sent once, whatever it fails with", async (_, method, call) => {
    for (const code of codes) {
      const server = failing(method, new ConnectError("no", code, { "grpc-retry-pushback-ms": "0" }));
      // A poll that is not implemented is a query without polling.
      await call(to(server, { retry: { maxAttempts: 9 } })).catch(() => {});
      expect(server.count(method), Code[code]).toBe(1);
    }
  });

  test.each(queries.slice(0, 4))(
    "%s is repeated where the user says that queries change nothing",
    async (_, method, call) => {
      const server = failing(method, unavailable({ "grpc-retry-pushback-ms": "0" }), 1);
      await call(to(server, { retry: { queries: true } }));
      expect(server.count(method)).toBe(2);
    },
  );
});

const to = (server: Scripted, options: Partial<ClientOptions> = {}): FlightSqlClient =>
  connect({ ...ways["a Connect transport"](server), ...options });

describe("the other half of never twice: the server did its work, then the connection died", () => {
  test("an update is done once, and fails", async () => {
    let done = 0;
    const server = scripted({
      async *doPut(_, upload) {
        for await (const _ of upload);
        if (++done > 0) throw unavailable();
        yield create(DoPutUpdateResultSchema, { recordCount: 1n });
      },
    });
    await expectFailure(to(server).executeUpdate("DELETE"), "unavailable");
    expect([done, server.count("DoPut")]).toEqual([1, 1]);
  });

  test("a commit is sent once, and says that nobody knows", async () => {
    const server = scripted({
      ...backend,
      async *doAction(action) {
        if (action.type !== "BeginTransaction") throw unavailable();
        yield* backend.doAction!(action, undefined as never);
      },
    });
    const error = await expectFailure(
      to(server).transaction(async () => {}),
      "unavailable",
    );
    expect(error.message).toContain("not known whether the transaction was committed");
    expect(server.count("DoAction")).toBe(2);
  });
});

describe("only unavailable", () => {
  test.each(codes.filter((code) => code !== Code.Unavailable))("not code %i", async (code) => {
    const server = failing("GetSchema", new ConnectError("no", code, { "grpc-retry-pushback-ms": "0" }));
    await expectFailure(to(server).getSchema("q"));
    expect(server.count("GetSchema")).toBe(1);
  });
});

describe("DoGet", () => {
  const inMs = (ms: number) => {
    const at = Date.now() + ms;
    return { seconds: BigInt(Math.floor(at / 1000)), nanos: Math.floor(at % 1000) * 1e6 };
  };
  const expiring = (ms: number | undefined): Backend => ({
    ...threeRows,
    getFlightInfo: async () => ({
      ...infoOf([]),
      endpoint: [{ ticket: { ticket: utf8("0") }, ...(ms !== undefined && { expirationTime: inMs(ms) }) }],
    }),
  });

  test("is repeated before its first batch while its expirationTime is to come", async () => {
    const server = failing("DoGet", unavailable(), 2, expiring(60_000));
    expect(await to(server).query("q").all()).toHaveLength(3);
    expect([server.count("GetFlightInfo"), server.count("DoGet")]).toEqual([1, 3]);
  });

  test("also when the endpoint is read by itself", async () => {
    const server = failing("DoGet", unavailable(), 1, expiring(60_000));
    const client = to(server);
    const [endpoint] = (await client.execute("q")).endpoints;
    expect(await client.doGet(endpoint!).readRows()).toHaveLength(3);
    expect(server.count("DoGet")).toBe(2);
  });

  test.each([
    ["without an expirationTime", undefined],
    ["after it", -1000],
    ["when it comes before the next attempt could", 60],
  ])("is not repeated %s", async (_, ms) => {
    const server = failing("DoGet", unavailable(), 1, expiring(ms));
    await expectFailure(to(server).query("q").all(), "unavailable");
    expect(server.count("DoGet")).toBe(1);
  });

  test("is not repeated once a batch was handed out", async () => {
    const server = scripted({
      ...expiring(60_000),
      async doGet() {
        const chunks = async function* () {
          yield { batch: numbers(1) };
          throw unavailable();
        };
        return { schema: numbers(1).schema, chunks: chunks() };
      },
    });
    await expectFailure(to(server).query("q").all(), "unavailable");
    expect(server.count("DoGet")).toBe(1);
  });
});

describe("a poll", () => {
  const again = (expirationTime?: { seconds: bigint }) => ({
    flightDescriptor: create(FlightDescriptorSchema, { type: 2, cmd: utf8("again") }),
    ...(expirationTime !== undefined && { expirationTime }),
  });
  const polled = (failure: ConnectError, expirationTime?: { seconds: bigint }): Scripted => {
    let polls = 0;
    return scripted({
      ...threeRows,
      async pollFlightInfo() {
        if (++polls === 1) return again(expirationTime);
        if (polls === 2) throw failure;
        return { info: create(FlightInfoSchema, infoOf([])) };
      },
    });
  };

  test.each([Code.Unavailable, Code.DeadlineExceeded])(
    "of a query that runs is repeated after code %i",
    async (code) => {
      const server = polled(new ConnectError("no", code));
      expect(await to(server).query("q", undefined, { poll: true }).all()).toHaveLength(3);
      expect([server.count("PollFlightInfo"), server.count("GetFlightInfo")]).toEqual([3, 0]);
    },
  );

  test("is not repeated after any other", async () => {
    const server = polled(new ConnectError("no", Code.Internal));
    await expectFailure(to(server).query("q", undefined, { poll: true }).all(), "internal");
    expect(server.count("PollFlightInfo")).toBe(2);
  });

  test("is not repeated when the query has expired", async () => {
    const server = polled(unavailable(), { seconds: BigInt(Math.floor(Date.now() / 1000) - 1) });
    await expectFailure(to(server).query("q", undefined, { poll: true }).all(), "unavailable");
    expect(server.count("PollFlightInfo")).toBe(2);
  });
});

describe("the pause", () => {
  async function retriesOf(server: Scripted, options: Partial<ClientOptions> = {}): Promise<CallRetried[]> {
    const events: CallEvent[] = [];
    const client = to(server, { onEvent: (event) => events.push(event), ...options });
    await expectFailure(client.getSchema("q"), "unavailable");
    return events.filter((event) => event.type === "retried");
  }

  test("doubles, with a fifth more or less by chance; four attempts in all", async () => {
    const server = failing("GetSchema", unavailable());
    const retries = await retriesOf(server);
    expect(server.count("GetSchema")).toBe(4);
    expect(retries.map(({ attempts, code }) => [attempts, code])).toEqual([1, 2, 3].map((n) => [n, "unavailable"]));
    for (const [i, { delayMs }] of retries.entries()) {
      expect(delayMs).toBeGreaterThanOrEqual(80 * 2 ** i);
      expect(delayMs).toBeLessThanOrEqual(120 * 2 ** i);
    }
    // The pauses were made, not only told.
    expect(retries[2]!.elapsedMs).toBeGreaterThan(retries[0]!.delayMs + retries[1]!.delayMs - 2);
  });

  test("maxAttempts: 1 repeats nothing", async () => {
    const server = failing("GetSchema", unavailable());
    expect(await retriesOf(server, { retry: { maxAttempts: 1 } })).toEqual([]);
    expect(server.count("GetSchema")).toBe(1);
  });

  test("is as long as the server asks", async () => {
    const server = failing("GetSchema", unavailable({ "grpc-retry-pushback-ms": "3" }));
    expect((await retriesOf(server)).map(({ delayMs }) => delayMs)).toEqual([3, 3, 3]);
  });

  test.each(["-1", "soon", "", "99999999"])("is never, where the server asks for %j", async (pushback) => {
    const server = failing("GetSchema", unavailable({ "grpc-retry-pushback-ms": pushback }));
    expect(await retriesOf(server)).toEqual([]);
    expect(server.count("GetSchema")).toBe(1);
  });

  test("is not begun when the deadline comes first", async () => {
    const server = failing("GetSchema", unavailable({ "grpc-retry-pushback-ms": "20000" }));
    const started = performance.now();
    await expectFailure(to(server).getSchema("q", { timeoutMs: 10_000 }), "unavailable");
    expect(performance.now() - started).toBeLessThan(5000);
    expect(server.count("GetSchema")).toBe(1);
  });

  /** A call that pauses for long, once it does. */
  async function pausing(options: { signal?: AbortSignal; timeoutMs?: number }) {
    const server = failing("GetSchema", unavailable({ "grpc-retry-pushback-ms": "9000" }));
    let pauses = (): void => {};
    const paused = new Promise<void>((resolve) => {
      pauses = resolve;
    });
    const client = to(server, { onEvent: ({ type }) => type === "retried" && pauses() });
    const failed = (code: FlightSqlErrorCode) => expectFailure(call, code);
    const call = client.getSchema("q", options);
    call.catch(() => {});
    await paused;
    return { server, client, failed };
  }

  test("ends at once with an abort, and with the client", async () => {
    const controller = new AbortController();
    const started = performance.now();
    const aborted = await pausing({ signal: controller.signal });
    controller.abort("enough");
    expect((await aborted.failed("canceled")).cause).toBe("enough");
    const closed = await pausing({});
    await closed.client.close();
    expect((await closed.failed("canceled")).message).toContain("the client was closed");
    for (const { server } of [aborted, closed]) expect(server.count("GetSchema")).toBe(1);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test("a renewed token and a server that was away are counted apart", async () => {
  let asked = 0;
  let calls = 0;
  const server = scripted(backend, ({ header, method }) => {
    if (method !== "GetSchema") return;
    calls++;
    if (calls <= 2) throw unavailable({ "grpc-retry-pushback-ms": "0" });
    if (header.get("authorization") !== "Bearer 2") throw new ConnectError("old", Code.Unauthenticated);
    if (calls <= 4) throw unavailable({ "grpc-retry-pushback-ms": "0" });
  });
  const client = to(server, { token: async () => `${++asked}` });
  expect((await client.getSchema("q"))?.names).toEqual(["n"]);
  expect([asked, server.count("GetSchema")]).toEqual([2, 5]);
});
