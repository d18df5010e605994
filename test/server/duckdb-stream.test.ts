import { setMaxListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { DuckDBConnection, DuckDBInstance, DuckDBResult } from "@duckdb/node-api";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { FlightData } from "../../src/gen/Flight_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/listen.ts";
import { batchesOf, type Flight, failure, grpc, grpcWeb, query, rows, statement, update } from "./harness.ts";

let backend: Backend & { close(): Promise<void> };
let server: Listening;
/** Connections to DuckDB that are open now. */
let open = 0;

beforeAll(async () => {
  const connect = DuckDBInstance.prototype.connect;
  vi.spyOn(DuckDBInstance.prototype, "connect").mockImplementation(async function (this: DuckDBInstance) {
    open++;
    return connect.call(this);
  });
  const close = DuckDBConnection.prototype.closeSync;
  vi.spyOn(DuckDBConnection.prototype, "closeSync").mockImplementation(function (this: DuckDBConnection) {
    open--;
    close.call(this);
  });
  backend = await duckdbBackend();
  server = await listen(backend);
});
afterAll(async () => {
  await server.close(0);
  await backend.close();
  vi.restoreAllMocks();
});
// A statement's connection is closed when DuckDB works on it no more, and only then.
afterEach(() => vi.waitFor(() => expect(open).toBe(0), { timeout: 20_000 }));

/** A result that would take DuckDB hours. */
const endless = "SELECT i, 'row number ' || i AS s FROM range(1000000000000) t(i)";
/** The same, but not a row of it before hours. */
const silent = "SELECT sum(hash(i)) AS s FROM range(1000000000000) t(i)";
/** Rows at first, and then none for hours. */
const pausing = "SELECT i FROM range(1000000000000) t(i) WHERE i < 1000000 OR hash(i) = 1";

async function start(client: Flight, sql: string, signal?: AbortSignal): Promise<AsyncIterator<FlightData>> {
  const info = await client.getFlightInfo(statement(sql));
  const ticket = info.endpoint[0]!.ticket!;
  return client.doGet(ticket, { ...(signal && { signal }) })[Symbol.asyncIterator]();
}

describe.each([
  ["gRPC", grpc],
  ["gRPC-Web over HTTP/1.1", grpcWeb],
] as const)("over %s", (_, connect) => {
  it("the first batch is there long before the query is done; going away stops it", async () => {
    const gone = new AbortController();
    const stream = await start(connect(server.url), endless, gone.signal);
    const messages = { [Symbol.asyncIterator]: () => stream };
    for await (const batch of batchesOf(messages)) {
      expect(batch.numRows).toBe(2048);
      break;
    }
    expect(open).toBe(1);
    gone.abort();
  });

  it("going away stops a query that has no row yet", async () => {
    const gone = new AbortController();
    const stream = await start(connect(server.url), silent, gone.signal);
    // The schema is sent at once.
    expect((await stream.next()).value!.dataHeader.length).toBeGreaterThan(0);
    const next = failure(stream.next());
    await sleep(50);
    expect(open).toBe(1);
    gone.abort();
    expect((await next).code).toBe(Code.Canceled);
  });

  it("going away before the first message is read stops it, too", async () => {
    const gone = new AbortController();
    const stream = await start(connect(server.url), endless, gone.signal);
    const first = failure(stream.next());
    gone.abort();
    expect((await first).code).toBe(Code.Canceled);
  });

  it("a deadline stops the query, and is reported as one", async () => {
    const client = connect(server.url);
    const info = await client.getFlightInfo(statement(silent));
    const all = async () => {
      for await (const _ of client.doGet(info.endpoint[0]!.ticket!, { timeoutMs: 200 }));
    };
    expect((await failure(all())).code).toBe(Code.DeadlineExceeded);
  });

  it("an update is stopped by going away", async () => {
    const gone = new AbortController();
    const client = connect(server.url);
    const patient = {
      ...client,
      doPut: (messages: never) => client.doPut(messages, { signal: gone.signal }),
    } as Flight;
    const result = failure(update(patient, `CREATE TABLE never AS ${silent}`));
    await expect.poll(() => open).toBe(1);
    gone.abort();
    expect((await result).code).toBe(Code.Canceled);
  });
});

// One signal for many calls, on purpose.
setMaxListeners(0);

it("32 paused results leave room for a new query on the same connection", async () => {
  const client = grpc(server.url);
  const gone = new AbortController();
  const paused = await Promise.all(Array.from({ length: 32 }, () => start(client, endless, gone.signal)));
  // Each is read until its reader's window is full of what nobody takes.
  for (const stream of paused) for (let i = 0; i < 4; i++) await stream.next();
  expect(open).toBe(32);
  expect(rows(await query(client, "SELECT 42 AS answer"))).toEqual([{ answer: 42 }]);
  gone.abort();
});

it("a paused result makes the server hold a few batches, however long it would be", async () => {
  const client = grpc(server.url);
  const gone = new AbortController();
  const fetched = vi.spyOn(DuckDBResult.prototype, "fetchChunk");
  const stream = await start(client, endless, gone.signal);
  await stream.next();
  await stream.next();
  // Until nothing more is fetched for a while.
  let before = -1;
  while (fetched.mock.calls.length !== before) {
    before = fetched.mock.calls.length;
    await sleep(300);
  }
  // 2048 rows each: a batch or two of 65536 rows, and what the windows between the two ends hold.
  expect(before).toBeLessThan(200);
  fetched.mockRestore();
  gone.abort();
});

it("results that pause for long leave a thread to the rest of the process, and can be left", async () => {
  const client = grpc(server.url);
  const gone = new AbortController();
  const read = async () => {
    const messages = { [Symbol.asyncIterator]: () => stream };
    const stream = await start(client, pausing, gone.signal);
    let rows = 0;
    for await (const batch of batchesOf(messages)) rows += batch.numRows;
    return rows;
  };
  const fetched = vi.spyOn(DuckDBResult.prototype, "fetchChunk");
  const results = Array.from({ length: 6 }, () => failure(read()));
  // Until each has come to where nothing follows.
  let before = 0;
  await vi.waitFor(
    () => {
      const calls = fetched.mock.calls.length;
      const isOver = calls === before && calls > 100;
      before = calls;
      expect(isOver).toBe(true);
    },
    { timeout: 25_000, interval: 1500 },
  );
  expect(await readFile(import.meta.filename, "utf8")).toContain("a thread to the rest");
  fetched.mockRestore();
  gone.abort();
  for (const { code } of await Promise.all(results)) expect(code).toBe(Code.Canceled);
});

it("long queries do not keep short ones waiting", async () => {
  const client = grpc(server.url);
  const long = async (length: number) => {
    const gone = new AbortController();
    const streams = await Promise.all(Array.from({ length }, () => start(client, silent, gone.signal)));
    for (const stream of streams) {
      await stream.next();
      stream.next().catch(() => {});
    }
    return gone;
  };
  // DuckDB's threads come to what it has had longest last. With many connections had before, that is the short query's.
  (await long(12)).abort();
  await vi.waitFor(() => expect(open).toBe(0), { timeout: 20_000 });
  const gone = await long(6);
  // libuv has four threads; six blocking calls would leave none for this one, ever.
  expect(rows(await query(client, "SELECT 42 AS answer"))).toEqual([{ answer: 42 }]);
  gone.abort();
});
