// What `onEvent` tells, and that it can neither break a call nor give anything away.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { Table, tableToIPC } from "apache-arrow";
import type { CallEvent, ClientOptions } from "flightsql";
import { describe, expect, test } from "vitest";
import { DoPutUpdateResultSchema } from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { expectFailure } from "../contract/expect.ts";
import { connect, infoOf, resultOf, rowsOf, type Scripted, scripted, threeRows, ways } from "../contract/scripted.ts";
import { numbers } from "../support/router.ts";

const counted: Backend = {
  ...threeRows,
  async *doPut(_, upload) {
    for await (const _ of upload);
    yield create(DoPutUpdateResultSchema, { recordCount: 2n });
  },
  async *doAction() {
    yield new Uint8Array(0);
  },
};

function listen(server: Scripted, options: Partial<ClientOptions> = {}, way = ways["a Connect transport"]) {
  const events: CallEvent[] = [];
  const client = connect({ ...way(server), onEvent: (event) => void events.push(event), ...options });
  return { client, events };
}

/** The events of one method, without their numbers. */
const typesOf = (events: readonly CallEvent[], method: string): string[] =>
  events.filter((event) => event.method === method).map((event) => event.type);

describe.each(Object.entries(ways))("over %s", (_, way) => {
  test("a query: two RPCs of one call, each started, answered and ended, with what it carried", async () => {
    const backend: Backend = {
      getFlightInfo: async () => infoOf([]),
      doGet: async () => resultOf(numbers(1, 2), numbers(3)),
    };
    const { client, events } = listen(scripted(backend), {}, way);
    const { length } = await client.query("q").all();
    expect(length).toBe(3);
    const seen = events.map(({ type, method }) => `${method} ${type}`);
    const life = (method: string): string[] => ["started", "first_byte", "ended"].map((type) => `${method} ${type}`);
    expect(seen).toEqual([...life("GetFlightInfo"), ...life("DoGet")]);
    const [planned, read] = events.filter((event) => event.type === "ended");
    expect(planned).toMatchObject({ code: "ok", attempts: 1, rows: 0, batches: 0, bytes: 0 });
    expect(read).toMatchObject({ code: "ok", attempts: 1, rows: 3, batches: 2, server: "http://scripted.example" });
    expect(read!.bytes).toBeGreaterThan(100);
    expect(new Set(events.map((event) => event.callId)).size).toBe(1);
    expect(new Set(events.map((event) => event.id)).size).toBe(2);
    await client.query("q").all();
    expect(new Set(events.map((event) => event.callId)).size).toBe(2);
    for (const event of events) if (event.type !== "started") expect(event.elapsedMs).toBeGreaterThanOrEqual(0);
  });

  test("a read that is sent again with a new token says all of its request again", async () => {
    let reads = 0;
    const backend: Backend = {
      getFlightInfo: async () => infoOf([]),
      async doGet() {
        if (reads++ === 0) throw new ConnectError("expired", Code.Unauthenticated);
        return resultOf(numbers(1, 2));
      },
    };
    let tokens = 0;
    const { client, events } = listen(scripted(backend), { token: async () => `secret-${++tokens}` }, way);
    expect(await client.query("q").all()).toHaveLength(2);
    expect(reads).toBe(2);
    expect(events.filter((event) => event.type === "ended").at(-1)).toMatchObject({ code: "ok", attempts: 2 });
  });

  test("an update: what was sent", async () => {
    const { client, events } = listen(scripted(counted), {}, way);
    await client.ingest("t", [{ n: 1 }, { n: 2 }]);
    expect(typesOf(events, "DoPut")).toEqual(["started", "first_byte", "ended"]);
    expect(events.at(-1)).toMatchObject({ type: "ended", code: "ok", rows: 2, batches: 1 });
  });

  test("a call that is sent again, and one that fails", async () => {
    let failures = 0;
    const server = scripted({ ...counted, getSchema: async () => numbers(1).schema }, ({ method }) => {
      if (method === "GetSchema" && failures++ < 2)
        throw new ConnectError("no", Code.Unavailable, { "grpc-retry-pushback-ms": "1" });
      if (method === "DoPut") throw new ConnectError("no", Code.AlreadyExists);
    });
    const { client, events } = listen(server, {}, way);
    await client.getSchema("q");
    expect(typesOf(events, "GetSchema")).toEqual(["started", "retried", "retried", "first_byte", "ended"]);
    expect(events[2]).toMatchObject({ code: "unavailable", attempts: 2, delayMs: 1 });
    expect(events.at(-1)).toMatchObject({ code: "ok", attempts: 3 });
    await expectFailure(client.executeUpdate("CREATE"), "already_exists");
    expect(typesOf(events, "DoPut")).toEqual(["started", "ended"]);
    expect(events.at(-1)).toMatchObject({ code: "already_exists", attempts: 1 });
  });

  test("a renewed token", async () => {
    const server = scripted(counted, ({ header }) => {
      if (header.get("authorization") !== "Bearer 2") throw new ConnectError("who?", Code.Unauthenticated);
    });
    let asked = 0;
    const { client, events } = listen(server, { token: async () => `${++asked}` }, way);
    await client.execute("q");
    expect(typesOf(events, "GetFlightInfo")).toEqual(["started", "retried", "first_byte", "ended"]);
    expect(events[1]).toMatchObject({ code: "unauthenticated", delayMs: 0 });
  });
});

/** Answers DoGet with batches for ever. */
const endless: Backend = {
  getFlightInfo: async () => infoOf([], []),
  async doGet() {
    const chunks = async function* () {
      for (;;) {
        yield { batch: numbers(1) };
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    return { schema: numbers(1).schema, chunks: chunks() };
  },
};

test("every RPC that starts ends once, however it is left", async () => {
  const { client, events } = listen(
    scripted({ ...endless, ...{ doPut: counted.doPut!, doAction: counted.doAction! } }),
  );
  for await (const _ of client.query("q")) break;
  for await (const _ of client.query("q").rows()) break;
  const reader = client.doGet(new Uint8Array(0));
  for await (const _ of reader) break;
  const cancelled = client.doGet(new Uint8Array(0));
  await cancelled.readChunk();
  cancelled.cancel();
  const result = client.query("q");
  const reading = expectFailure(result.table(), "canceled");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await result.cancel();
  await reading;
  await expectFailure(client.query("q", undefined, { timeoutMs: 20 }).table(), "deadline_exceeded");
  await expectFailure(client.query("q", undefined, { signal: AbortSignal.abort() }).table(), "canceled");
  const ipc = client.query("q").ipc().getReader();
  await ipc.read();
  await ipc.cancel();
  for await (const _ of client.flight.doAction("a")) break;
  const open = client.query("q");
  const ended = expectFailure(open.table(), "canceled");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await client.close();
  await ended;
  await expect
    .poll(() => events.filter((event) => event.type === "ended").length)
    .toBe(events.filter((event) => event.type === "started").length);
  const ids = events.filter((event) => event.type === "ended").map((event) => event.id);
  expect(new Set(ids).size).toBe(ids.length);
  const codes = events.flatMap((event) => (event.type === "ended" && event.method === "DoGet" ? [event.code] : []));
  expect(new Set(codes)).toEqual(new Set(["canceled", "deadline_exceeded"]));
});

test.each([
  ["throws", () => expect.unreachable()],
  ["rejects", () => Promise.reject(new Error("later"))],
])("a hook that %s breaks nothing", async (_, hook) => {
  const server = scripted(counted);
  const client = connect({ ...ways["a Connect transport"](server), onEvent: hook as () => void });
  expect(await rowsOf(client)).toEqual([1, 2, 3]);
  expect(await client.executeUpdate("q")).toBe(2n);
  // An unhandled rejection would fail the run; it comes in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("no credentials, SQL, parameters or signed URLs in events, errors and progress", async () => {
  const secrets = ["s3cret-token", "s3cret-sql", "s3cret-metadata", "s3cret-signature", "s3cret-user"];
  const [token, sql, metadata, signature, user] = secrets as [string, string, string, string, string];
  const ipc = tableToIPC(new Table([numbers(1)]), "stream");
  const told: unknown[] = [];
  const urls = [`https://store.example/part?signature=${signature}`];
  const origin = scripted({ ...counted, getFlightInfo: async () => infoOf(urls, [`grpc://${user}@far.example:1`]) });
  const far = scripted({
    async doGet() {
      // Servers do quote what they refuse.
      throw new ConnectError(`you sent ${token} and ${metadata}`, Code.PermissionDenied);
    },
  });
  const client = connect({
    url: "grpc://origin.example:1",
    transport: (uri) => (uri.includes("far") ? far : origin).transport,
    token,
    fetch: async () => new Response(ipc.slice()),
    onEvent: (event) => told.push(event),
  });
  const options = { onProgress: (progress: unknown) => told.push(progress) };
  const errors = [
    await expectFailure(client.query(sql, undefined, options).all(), "permission_denied"),
    await expectFailure(
      client.query(sql, undefined, { ...options, metadata: { authorization: `Bearer ${metadata}` } }).all(),
    ),
  ];
  expect(told.length).toBeGreaterThan(10);
  const text = JSON.stringify(told) + errors.map((error) => `${error.stack}${JSON.stringify(error)}`).join();
  // The second call sent its own authorization, which is then the one to hide; the first one's metadata was not sent.
  expect(errors[1]!.message).not.toContain(metadata);
  for (const secret of [token, sql, signature, user]) expect(text).not.toContain(secret);
  expect(text).toContain("https://store.example/part");
});

describe("traceparent", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const sentBy = (server: Scripted): (string | null)[] => server.heard.map(({ header }) => header.get("traceparent"));

  test.each(Object.entries(ways))("by the metadata of a call, over %s", async (_, way) => {
    const server = scripted(threeRows);
    const client = connect(way(server));
    await client.query("q", undefined, { metadata: { traceparent } }).all();
    await client.query("q").all();
    expect(sentBy(server)).toEqual([traceparent, traceparent, null, null]);
  });

  test("by an interceptor, another for each RPC", async () => {
    const server = scripted(threeRows);
    let span = 0;
    const interceptor: Interceptor = (next) => (request) => {
      request.header.set("traceparent", traceparent.replace("00f067aa0ba902b7", `${++span}`.padStart(16, "0")));
      return next(request);
    };
    const client = connect({ ...ways["gRPC-Web"](server), interceptors: [interceptor] });
    await client.query("q").all();
    expect(new Set(sentBy(server)).size).toBe(2);
  });
});
