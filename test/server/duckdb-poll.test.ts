import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Int64, type RecordBatch, Table, vectorFromArray } from "apache-arrow";
import { FlightSqlClient, type Progress } from "flightsql";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { FlightDecoder } from "../../src/arrow/decode.ts";
import {
  CancelFlightInfoRequestSchema,
  CancelFlightInfoResultSchema,
  CancelStatus,
  type FlightEndpoint,
  FlightEndpointSchema,
  type PollInfo,
  RenewFlightEndpointRequestSchema,
} from "../../src/gen/Flight_pb.ts";
import { CommandGetTableTypesSchema } from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { BackgroundQuery } from "../../src/server/duckdb/background.ts";
import { maxHeldBytesInAll } from "../../src/server/duckdb/limits.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/listen.ts";
import { flights } from "../support/reference.ts";
import { batchesOf, descriptor, type Flight, failure, grpc, rows, statement } from "./harness.ts";

// What is let go after minutes, in two seconds; what may be a thousand, twenty.
const { idleMs, most } = vi.hoisted(() => ({ idleMs: 2000, most: 20 }));
vi.mock("../../src/server/duckdb/limits.ts", async (original) => {
  return { ...(await original()), pollIdleMs: idleMs, maxPolled: most };
});

let backend: Backend & { close(): Promise<void> };
let server: Listening;
let flight: Flight;
let client: FlightSqlClient;
/** Connections to DuckDB that are open now. */
let open = 0;

/** What DuckDB itself answers. */
let reference: { origins: number; distance: number };

beforeAll(async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const direct = await instance.connect();
  const reader = await direct.runAndReadAll(
    `SELECT count(DISTINCT origin)::INTEGER AS origins, sum(distance)::DOUBLE AS distance FROM '${flights}'`,
  );
  reference = reader.getRowObjectsJS()[0] as unknown as typeof reference;
  direct.closeSync();
  instance.closeSync();
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
  backend = await duckdbBackend({ files: [`flights=${flights}`] });
  server = await listen(backend);
  flight = grpc(server.url);
  client = new FlightSqlClient(server.url.replace("http:", "grpc:"));
});
afterAll(async () => {
  await client.close();
  await server.close(0);
  await backend.close();
  vi.restoreAllMocks();
});
// A query's connection is closed when DuckDB works on it no more, and only then.
afterEach(() => vi.waitFor(() => expect(open).toBe(0), { timeout: 20_000 }));

const heavy = `SELECT origin, count(DISTINCT hash(date, delay, destination)) AS n, sum(distance) AS distance
  FROM (FROM flights UNION ALL FROM flights UNION ALL FROM flights) GROUP BY origin ORDER BY origin`;
/** Not a row of it before hours. */
const silent = "SELECT sum(hash(i)) AS s FROM range(1000000000000) t(i)";
/** It would take hours, and has a row at once. */
const endless = "SELECT i, 'row number ' || i AS s FROM range(1000000000000) t(i)";

/** All answers to the polls of a query, the first included. */
async function* polls(sql: string): AsyncGenerator<PollInfo, void, undefined> {
  let last = await flight.pollFlightInfo(statement(sql));
  yield last;
  while (last.flightDescriptor) {
    last = await flight.pollFlightInfo(last.flightDescriptor);
    yield last;
  }
}

/** The answer that ends the polling. */
async function polled(sql: string): Promise<PollInfo> {
  let info: PollInfo | undefined;
  for await (const one of polls(sql)) info = one;
  return info!;
}

async function readEndpoint({ ticket }: FlightEndpoint): Promise<Table> {
  const decoder = new FlightDecoder();
  const batches: RecordBatch[] = [];
  for await (const batch of batchesOf(flight.doGet(ticket!), decoder)) batches.push(batch);
  return new Table(decoder.schema!, batches);
}

async function renew(endpoint: FlightEndpoint): Promise<FlightEndpoint> {
  const body = toBinary(RenewFlightEndpointRequestSchema, create(RenewFlightEndpointRequestSchema, { endpoint }));
  for await (const answer of flight.doAction({ type: "RenewFlightEndpoint", body }))
    return fromBinary(FlightEndpointSchema, answer.body);
  throw new Error("no answer");
}

async function cancel({ info }: PollInfo): Promise<CancelStatus> {
  const body = toBinary(CancelFlightInfoRequestSchema, create(CancelFlightInfoRequestSchema, { info: info! }));
  for await (const answer of flight.doAction({ type: "CancelFlightInfo", body }))
    return fromBinary(CancelFlightInfoResultSchema, answer.body).status;
  throw new Error("no answer");
}

function sum(table: Table, column: string): number {
  return rows(table).reduce((total, row) => total + Number(row[column]), 0);
}

/** The different ones strictly between 0 and 1. */
function fractions(seen: readonly (number | undefined)[]): number[] {
  return [...new Set(seen)].filter((f): f is number => f !== undefined && f > 0 && f < 1);
}

describe("progress", () => {
  it("of an aggregate over thrice 3,000,000 rows is DuckDB's own, and its rows are right", async () => {
    const progress: (number | undefined)[] = [];
    let end: PollInfo | undefined;
    for await (const info of polls(heavy)) {
      expect(info.info!.ordered).toBe(true);
      progress.push(info.progress);
      end = info;
    }
    expect(fractions(progress).length).toBeGreaterThanOrEqual(2);
    const { info, expirationTime } = end!;
    expect(end!.progress).toBe(1);
    expect(expirationTime).toBeUndefined();
    expect(info!.endpoint).toHaveLength(1);
    const table = await readEndpoint(info!.endpoint[0]!);
    expect(info!.totalRecords).toBe(BigInt(reference.origins));
    expect([table.numRows, sum(table, "distance")]).toEqual([reference.origins, 3 * reference.distance]);
  });

  it("reaches our client's onProgress", async () => {
    const seen: Progress[] = [];
    const found = await client.query(heavy, undefined, { poll: true, onProgress: (p) => seen.push(p) }).all();
    expect(fractions(seen.filter((p) => p.rows === 0).map((p) => p.fraction)).length).toBeGreaterThanOrEqual(2);
    expect(seen.at(-1)).toMatchObject({ rows: reference.origins, fraction: 1 });
    expect(found).toHaveLength(reference.origins);
  });

  it("is not told where DuckDB keeps no count", async () => {
    const first = await flight.pollFlightInfo(statement(silent));
    expect(first.flightDescriptor).toBeDefined();
    expect(first.progress).toBeUndefined();
    await cancel(first);
  });

  it("of a prepared query counts its sets of parameters, in a transaction as well", async () => {
    await client.transaction(async (tx) => {
      await using query = await tx.prepare("SELECT count(DISTINCT hash(f)) AS n FROM flights f WHERE distance > ?");
      const seen: Progress[] = [];
      const sets = new Table({ d: vectorFromArray([0n, 500n, 1000n], new Int64()) });
      const counts = await query.query(sets, { poll: true, onProgress: (p) => seen.push(p) }).all<{ n: bigint }>();
      expect(counts).toHaveLength(3);
      // The first is done at a third of the whole.
      const told = fractions(seen.map((p) => p.fraction));
      expect(told.some((f) => f < 1 / 3)).toBe(true);
      expect(told.some((f) => f > 1 / 3)).toBe(true);
    });
  });
});

describe("polling", () => {
  it("a short query is over with its first poll, an empty one has a schema and no endpoint", async () => {
    const one = await flight.pollFlightInfo(statement("SELECT 42 AS answer"));
    expect([one.flightDescriptor, one.progress]).toEqual([undefined, 1]);
    expect(rows(await readEndpoint(one.info!.endpoint[0]!))).toEqual([{ answer: 42 }]);
    const none = await flight.pollFlightInfo(statement("SELECT 42 AS answer WHERE false"));
    expect(none.info).toMatchObject({ endpoint: [], totalRecords: 0n });
    expect(none.info!.schema.length).toBeGreaterThan(0);
    expect((await client.query("SELECT 1 AS a WHERE false", undefined, { poll: true }).table()).schema.names).toEqual([
      "a",
    ]);
  });

  it("waits a second for news, and no longer", async () => {
    const started = performance.now();
    const first = await flight.pollFlightInfo(statement(silent));
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(900);
    expect(took).toBeLessThan(10_000);
    expect(first.info!.endpoint).toEqual([]);
    expect(first.flightDescriptor).toBeDefined();
    expect(timestampMs(first.expirationTime!)).toBeGreaterThan(Date.now());
    expect(await cancel(first)).toBe(CancelStatus.CANCELLED);
  });

  it("endpoints can be read while the query runs, and again", async () => {
    let first: FlightEndpoint | undefined;
    let known = 0;
    for await (const { info, flightDescriptor } of polls(endless)) {
      expect(info!.endpoint.length).toBeGreaterThanOrEqual(known);
      known = info!.endpoint.length;
      first ??= info!.endpoint[0];
      if (known < 2) continue;
      expect(flightDescriptor).toBeDefined();
      const table = await readEndpoint(first!);
      expect(table.getChild("i")!.get(0)).toBe(0n);
      expect((await readEndpoint(first!)).numRows).toBe(table.numRows);
      const second = await readEndpoint(info!.endpoint[1]!);
      expect(second.getChild("i")!.get(0)).toBe(BigInt(table.numRows));
      await cancel({ info } as PollInfo);
      break;
    }
    expect(known).toBeGreaterThanOrEqual(2);
  });

  it("a result too large to be held streams from where it is, with progress, in order", async () => {
    const seen: Progress[] = [];
    let previous = -1;
    let distance = 0;
    let count = 0;
    const sql = "SELECT row_number() OVER () AS n, * FROM flights";
    for await (const batch of client.query(sql, undefined, { poll: true, onProgress: (p) => seen.push(p) })) {
      const numbers = batch.getChild("n")!.toArray() as BigInt64Array;
      expect(Number(numbers[0])).toBe(previous === -1 ? 1 : previous + 1);
      previous = Number(numbers.at(-1));
      for (const d of batch.getChild("distance")!) distance += Number(d);
      count += batch.numRows;
    }
    expect([count, previous, distance]).toEqual([3_000_000, 3_000_000, reference.distance]);
    expect(fractions(seen.map((p) => p.fraction)).length).toBeGreaterThanOrEqual(2);
    expect(seen.at(-1)!.endpoints).toBeGreaterThan(3);
  });

  it("what is held is bounded, and who polls before reading is told when there is no more to wait for", async () => {
    const last = await polled(endless);
    const parts = last.info!.endpoint;
    expect(parts.length).toBeGreaterThan(3);
    expect(last.info!.totalRecords).toBe(-1n);
    const held = parts.slice(0, -1);
    expect(held.every(({ expirationTime }) => expirationTime)).toBe(true);
    const tables = await Promise.all(held.map(readEndpoint));
    const bytes = tables.flatMap(({ batches }) => batches).reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(64 << 20);
    // The rest goes on where they end, and can be read once.
    const gone = new AbortController();
    const rest = flight.doGet(parts.at(-1)!.ticket!, { signal: gone.signal });
    for await (const batch of batchesOf(rest)) {
      expect(batch.getChild("i")!.get(0)).toBe(BigInt(tables.reduce((sum, { numRows }) => sum + numRows, 0)));
      const again = await failure(readEndpoint(parts.at(-1)!));
      expect(again.code).toBe(Code.FailedPrecondition);
      break;
    }
    gone.abort();
  });

  it("a query that fails, at once or later, fails its poll", async () => {
    const parse = await failure(flight.pollFlightInfo(statement("SELEC nonsense")));
    expect(parse).toMatchObject({ code: Code.InvalidArgument, message: expect.stringContaining("syntax error") });
    const late = failure(
      polled(
        "SELECT CASE WHEN i = 60000000 THEN error('far out') ELSE i END AS i FROM range(70000000) t(i) WHERE i % 1000000 = 0",
      ),
    );
    expect((await late).message).toContain("far out");
  });

  it("metadata is there at once", async () => {
    const { info, progress, flightDescriptor } = await flight.pollFlightInfo(
      descriptor(create(CommandGetTableTypesSchema)),
    );
    expect([progress, flightDescriptor]).toEqual([1, undefined]);
    expect((await readEndpoint(info!.endpoint[0]!)).numRows).toBeGreaterThan(0);
  });

  it("works in a transaction, which sees its own changes, and goes on while the result is there", async () => {
    await client.transaction(async (tx) => {
      await tx.executeUpdate("CREATE TABLE mine AS SELECT range AS n FROM range(100000)");
      const numbers: bigint[] = [];
      for await (const { n } of tx
        .query("SELECT n FROM mine ORDER BY n", undefined, { poll: true })
        .rows<{ n: bigint }>()) {
        numbers.push(n);
        if (n === 0n) await tx.executeUpdate("DELETE FROM mine");
      }
      expect(numbers).toHaveLength(100_000);
      expect(await tx.query("SELECT * FROM mine", undefined, { poll: true }).all()).toEqual([]);
      await tx.rollback();
    });
  });
});

describe("stopping", () => {
  it("cancel in the midst stops DuckDB, and polls and reads say so", async () => {
    const first = await flight.pollFlightInfo(statement(silent));
    expect(open).toBe(1);
    const next = failure(flight.pollFlightInfo(first.flightDescriptor!));
    await sleep(50);
    const started = performance.now();
    expect(await cancel(first)).toBe(CancelStatus.CANCELLED);
    expect(await next).toEqual({ code: Code.Canceled, message: "The query was cancelled." });
    await expect.poll(() => open).toBe(0);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await failure(flight.pollFlightInfo(first.flightDescriptor!))).code).toBe(Code.Canceled);
  });

  it("our client's cancel() does", async () => {
    const result = client.query(silent, undefined, { poll: true });
    const reading = failure(result.table());
    await expect.poll(() => open).toBe(1);
    await result.info();
    expect(await result.cancel()).toBe("cancelled");
    await reading;
    await expect.poll(() => open).toBe(0);
  });

  it("cancel in the midst of an endpoint ends its reading", async () => {
    let info = await flight.pollFlightInfo(statement(endless));
    while (info.info!.endpoint.length < 3) info = await flight.pollFlightInfo(info.flightDescriptor!);
    const stream = flight.doGet(info.info!.endpoint[2]!.ticket!)[Symbol.asyncIterator]();
    await stream.next();
    await cancel(info);
    const rest = async () => {
      while (!(await stream.next()).done);
    };
    expect((await failure(rest())).code).toBe(Code.Canceled);
    expect((await failure(readEndpoint(info.info!.endpoint[0]!))).code).toBe(Code.Canceled);
  });

  it("going away during the first poll stops the query: nobody knows of it", async () => {
    const gone = new AbortController();
    const first = failure(flight.pollFlightInfo(statement(silent), { signal: gone.signal }));
    await expect.poll(() => open).toBe(1);
    gone.abort();
    expect((await first).code).toBe(Code.Canceled);
    await vi.waitFor(() => expect(open).toBe(0), { timeout: idleMs - 100 });
  });

  it("results that have been read make room for others; queries that run do not", async () => {
    for (let i = 0; i < 3 * most; i++)
      expect(await client.query("SELECT 42 AS answer", undefined, { poll: true }).all()).toEqual([{ answer: 42 }]);
    const running = await Promise.all(
      Array.from({ length: most }, () => flight.pollFlightInfo(statement(silent)).catch(() => null)),
    );
    const more = await failure(flight.pollFlightInfo(statement("SELECT 42 AS answer")));
    expect(more.code).toBe(Code.ResourceExhausted);
    expect(more.message).toContain(`one polled query too many: the server keeps ${most} at most`);
    for (const poll of running) if (poll !== null) await cancel(poll);
    await vi.waitFor(() => expect(open).toBe(0), { timeout: 20_000 });
    expect(await client.query("SELECT 42 AS answer", undefined, { poll: true }).all()).toEqual([{ answer: 42 }]);
  });

  it("a client that never comes back leaves nothing running", async () => {
    const { flightDescriptor } = await flight.pollFlightInfo(statement(silent));
    expect(open).toBe(1);
    await vi.waitFor(() => expect(open).toBe(0), { timeout: 10 * idleMs });
    const late = await failure(flight.pollFlightInfo(flightDescriptor!));
    expect(late.code).toBe(Code.NotFound);
    expect(late.message).toContain("There is no such polled query");
  });

  it("going away from the rest of a result stops it", async () => {
    const { info } = await polled(endless);
    expect(open).toBe(1);
    const gone = new AbortController();
    const stream = flight.doGet(info!.endpoint.at(-1)!.ticket!, { signal: gone.signal })[Symbol.asyncIterator]();
    await stream.next();
    await stream.next();
    gone.abort();
    await expect.poll(() => open).toBe(0);
  });
});

it("what all queries hold together is bounded, and counted", async () => {
  const holdings = { bytes: maxHeldBytesInAll - 200 };
  const made = new Table({ n: vectorFromArray([1n, 2n, 3n], new Int64()) });
  const [batch] = made.batches as [RecordBatch];
  const chunks = async function* () {
    for (let i = 0; i < 10; i++) yield { batch };
  };
  const run = { schema: made.schema, progress: () => undefined, chunks: chunks() };
  const query = new BackgroundQuery(holdings);
  await query.start(async () => run);
  const held = Math.floor(200 / batch.data.byteLength);
  expect(holdings.bytes).toBe(maxHeldBytesInAll - 200 + held * batch.data.byteLength);
  expect([query.held, query.hasRest, query.rows]).toEqual([1, true, undefined]);
  let count = 0;
  for (const part of [0, 1]) for await (const { numRows } of query.open(part).batches) count += numRows;
  expect([count, query.rows]).toEqual([30, 30]);
  query.drop();
  query.drop();
  expect(holdings.bytes).toBe(maxHeldBytesInAll - 200);
});

it("closing the backend stops what runs in it", async () => {
  const other = await duckdbBackend();
  const served = await listen(other);
  const { info } = await grpc(served.url).pollFlightInfo(statement(silent));
  expect(info!.endpoint).toEqual([]);
  expect(open).toBe(1);
  await served.close(0);
  await other.close();
  await expect.poll(() => open).toBe(0);
});

describe("expiry", () => {
  it("what nobody reads is freed when it said it would be", async () => {
    const { info } = await flight.pollFlightInfo(statement("SELECT 42 AS answer"));
    const [endpoint] = info!.endpoint;
    const expires = timestampMs(endpoint!.expirationTime!);
    expect(expires).toBeGreaterThan(Date.now());
    expect(expires).toBeLessThanOrEqual(Date.now() + idleMs);
    await sleep(expires - Date.now() + 200);
    const late = await failure(readEndpoint(endpoint!));
    expect(late.code).toBe(Code.NotFound);
    expect(late.message).toContain("There is no such polled query");
    expect((await failure(renew(endpoint!))).code).toBe(Code.NotFound);
  });

  it("renewal extends it", async () => {
    const { info } = await flight.pollFlightInfo(statement("SELECT 42 AS answer"));
    let endpoint = info!.endpoint[0]!;
    const first = timestampMs(endpoint.expirationTime!);
    for (let i = 0; i < 4; i++) {
      await sleep(idleMs / 2);
      const renewed = await renew(endpoint);
      expect(timestampMs(renewed.expirationTime!)).toBeGreaterThan(timestampMs(endpoint.expirationTime!));
      expect(renewed.ticket).toEqual(endpoint.ticket);
      endpoint = renewed;
    }
    expect(Date.now()).toBeGreaterThan(first + idleMs / 2);
    expect(rows(await readEndpoint(endpoint))).toEqual([{ answer: 42 }]);
  });

  it("what is being read stays", async () => {
    const { info } = await polled("SELECT repeat('x', 1000000) AS t FROM range(40)");
    const endpoint = info!.endpoint.at(-2)!;
    const stream = batchesOf(flight.doGet(endpoint.ticket!));
    let count = (await stream.next()).value!.numRows;
    await sleep(idleMs + 200);
    for await (const batch of stream) count += batch.numRows;
    expect(count).toBeGreaterThan(0);
    expect((await readEndpoint(endpoint)).numRows).toBe(count);
  });

  it("the endpoint of a query that was not polled never expires", async () => {
    const { endpoint } = await flight.getFlightInfo(statement("SELECT 42 AS answer"));
    expect(await renew(endpoint[0]!)).toEqual(endpoint[0]);
  });
});
