import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  DatabaseError,
  InterfaceError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
} from "../../src/dbapi/index.ts";
import { resultOf } from "../contract/scripted.ts";
import { numbers } from "../support/router.ts";
import { connectedTo, failureOf } from "./connected.ts";
import { database } from "./database.ts";

const plain = { autocommit: true };
const many = Array.from({ length: 50 }, (_, i) => numbers(2 * i, 2 * i + 1));

test("rows are fetched one by one, some at a time, and all that are left", async () => {
  const { connection } = connectedTo(database({ batches: many.slice(0, 5) }), plain);
  const cursor = connection.cursor();
  await cursor.execute("SELECT n");
  expect(await cursor.fetchOne()).toEqual([0]);
  expect(await cursor.fetchMany()).toEqual([[1]]);
  expect(await cursor.fetchMany(3)).toEqual([[2], [3], [4]]);
  cursor.arraySize = 2;
  expect(await cursor.fetchMany()).toEqual([[5], [6]]);
  expect(await cursor.fetchMany(0)).toEqual([]);
  expect(await cursor.fetchAll()).toEqual([[7], [8], [9]]);
  expect(await cursor.fetchOne()).toBeNull();
  expect(await cursor.fetchMany(3)).toEqual([]);
  expect(await cursor.fetchAll()).toEqual([]);
});

test("rowCount is that of all rows, and known when they have been fetched; not that of those that are left", async () => {
  const { connection } = connectedTo(database({ batches: many.slice(0, 2) }), plain);
  const cursor = await connection.execute("SELECT n");
  expect(cursor.rowCount).toBe(-1);
  await cursor.fetchMany(3);
  expect(cursor.rowCount).toBe(-1);
  await cursor.fetchAll();
  expect(cursor.rowCount).toBe(4);
});

test("each fetch asks the server for no more than it needs", async () => {
  const script = database({ batches: many });
  // Messages alone: HTTP would take some ahead.
  const { connection } = connectedTo(script, plain, undefined, "a Connect transport");
  const cursor = await connection.execute("SELECT n");
  const servedAfter = async (fetch: () => Promise<unknown>): Promise<number> => {
    await fetch();
    await settled();
    return script.served;
  };
  const first = await servedAfter(async () => {});
  expect(first).toBe(1);
  expect(await servedAfter(() => cursor.fetchOne())).toBe(1);
  expect(await servedAfter(() => cursor.fetchOne())).toBe(1);
  expect(await servedAfter(() => cursor.fetchOne())).toBe(2);
  expect(await servedAfter(() => cursor.fetchMany(20))).toBe(12);
  expect(await servedAfter(() => cursor.fetchAll())).toBe(50);
});

test("leaving a loop, the next statement and close() end the reading at the server", async () => {
  // Without an end of its own: what ends it is that it is told to.
  const endless = {
    *[Symbol.iterator]() {
      for (let n = 0; ; n += 2) yield numbers(n, n + 1);
    },
  };
  const script = database({ batches: endless, schema: numbers(0).schema });
  const { connection } = connectedTo(script, plain);
  const cursor = await connection.execute("SELECT n");
  for await (const [n] of cursor) if (n === 3) break;
  await expect.poll(() => script.log).toEqual(["query SELECT n", "end"]);
  await failureOf(cursor.fetchOne(), ProgrammingError);
  await cursor.execute("SELECT m");
  await cursor.execute("SELECT o");
  await expect.poll(() => script.log.filter((line) => line === "end").length).toBe(2);
  await cursor.close();
  await expect.poll(() => script.log.filter((line) => line === "end").length).toBe(3);
});

test("a prepared query is closed when it has been read, left or failed", async () => {
  const script = database({ prepared: { isUpdate: false }, batches: many });
  const { connection } = connectedTo(script, plain);
  const closed = (): number => script.log.filter((line) => line.startsWith("close")).length;
  const cursor = await connection.execute("SELECT ?", [1]);
  expect(closed()).toBe(0);
  await cursor.fetchAll();
  expect(closed()).toBe(1);
  await cursor.execute("SELECT ?", [1]);
  await cursor.close();
  expect(closed()).toBe(2);
});

test("a loop gives all rows, also those behind a fetch, and goes on beside fetches", async () => {
  const { connection } = connectedTo(database({ batches: many }), plain);
  const cursor = await connection.execute<[number]>("SELECT n");
  expect(await cursor.fetchOne()).toEqual([0]);
  const seen: number[] = [];
  for await (const [n] of cursor) {
    seen.push(n);
    if (n === 10) seen.push((await cursor.fetchOne())![0]);
  }
  expect(seen).toEqual(Array.from({ length: 99 }, (_, i) => i + 1));
  expect(cursor.rowCount).toBe(100);
});

test("calls at the same time wait for each other", async () => {
  const { connection } = connectedTo(database({ batches: many.slice(0, 3) }), plain);
  const cursor = connection.cursor();
  const all = [cursor.execute("SELECT n"), cursor.fetchOne(), cursor.fetchMany(3), cursor.fetchAll()] as const;
  expect((await Promise.all(all)).slice(1)).toEqual([[0], [[1], [2], [3]], [[4], [5]]]);
});

test("rows as objects, and values as asked for", async () => {
  const { connection } = connectedTo(database(), { ...plain, as: "object" });
  expect(await (await connection.execute("SELECT n")).fetchOne()).toEqual({ n: 1 });
});

test("an empty result keeps its description", async () => {
  const { connection } = connectedTo(database({ batches: [], schema: numbers(1).schema }), plain);
  const cursor = await connection.execute("SELECT n");
  expect(cursor.description).toEqual([["n", "INTEGER", null, null, null, null, false]]);
  expect(await cursor.fetchOne()).toBeNull();
  expect(cursor.rowCount).toBe(0);
});

test("fetching before a query, or after a statement without rows, says so", async () => {
  const { connection } = connectedTo(database({ prepared: { isUpdate: true } }), plain);
  const cursor = connection.cursor();
  for (const step of ["before", "after"]) {
    for (const call of [
      () => cursor.fetchOne(),
      () => cursor.fetchMany(2),
      () => cursor.fetchAll(),
      () => cursor[Symbol.asyncIterator]().next(),
    ])
      expect((await failureOf(call(), ProgrammingError)).message, step).toContain("execute a query first");
    await cursor.execute("DELETE FROM t");
  }
  await cursor.execute("SELECT n");
  for (const size of [-1, 0.5, Number.NaN]) await failureOf(cursor.fetchMany(size), ProgrammingError);
});

test("a closed cursor, and one of a closed connection, take no more calls", async () => {
  const { connection } = connectedTo(database(), plain);
  const cursor = await connection.execute("SELECT n");
  const other = await connection.execute("SELECT n");
  await cursor.close();
  await cursor.close();
  for (const call of [
    () => cursor.execute("SELECT n"),
    () => cursor.executeMany("D", []),
    () => cursor.fetchOne(),
    () => cursor.fetchAll(),
  ])
    expect((await failureOf(call(), InterfaceError)).message).toBe("the cursor is closed");
  expect(await other.fetchOne()).toEqual([1]);
  await connection.close();
  await connection.close();
  for (const call of [
    () => other.fetchOne(),
    () => connection.execute("SELECT n"),
    () => connection.commit(),
    () => connection.getSqlInfo(),
  ])
    expect((await failureOf(call(), InterfaceError)).message).toBe("the connection is closed");
  expect(() => connection.cursor()).toThrow(InterfaceError);
});

test("await using closes cursors and connections", async () => {
  const { connection } = connectedTo(database(), plain);
  const cursor = await connection.execute("SELECT n");
  await cursor[Symbol.asyncDispose]();
  await failureOf(cursor.fetchOne(), InterfaceError);
  await connection[Symbol.asyncDispose]();
  expect(() => connection.cursor()).toThrow(InterfaceError);
});

/** A database whose result stops before its second batch until its reader goes. */
function stuck() {
  const script = database();
  let isGone = false;
  const backend = {
    ...script.backend,
    async doGet(_: unknown, { signal }: { signal: AbortSignal }) {
      const chunks = async function* () {
        yield { batch: numbers(1) };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        isGone = true;
        signal.throwIfAborted();
      };
      return { schema: numbers(1).schema, chunks: chunks() };
    },
  };
  return { database: { ...script, backend }, isGone: () => isGone };
}

test("close() does not wait for a server that is not answering", async () => {
  const { database, isGone } = stuck();
  const { connection } = connectedTo(database, plain);
  for (const thing of ["cursor", "connection"] as const) {
    const cursor = await connection.execute("SELECT n");
    await cursor.fetchOne();
    const waiting = failureOf(cursor.fetchOne(), InterfaceError);
    await settled();
    await promptly((thing === "cursor" ? cursor : connection).close());
    expect((await promptly(waiting)).message).toBe(`the ${thing} is closed`);
    await expect.poll(isGone).toBe(true);
  }
});

test("close() ends a statement that is not executed yet", async () => {
  const script = database();
  const backend = {
    ...script.backend,
    getFlightInfo: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  const { connection } = connectedTo({ ...script, backend }, plain);
  for (const thing of ["cursor", "connection"] as const) {
    const cursor = connection.cursor();
    const waiting = failureOf(cursor.execute("SELECT n"), InterfaceError);
    await settled();
    await promptly((thing === "cursor" ? cursor : connection).close());
    expect((await promptly(waiting)).message).toBe(`the ${thing} is closed`);
  }
});

test("commit() does not wait for a fetch that the server does not answer", async () => {
  const { database } = stuck();
  const { connection } = connectedTo(database);
  const cursor = await connection.execute("SELECT n");
  await cursor.fetchOne();
  const waiting = failureOf(cursor.fetchOne(), ProgrammingError);
  await settled();
  await promptly(connection.commit());
  expect((await promptly(waiting)).message).toContain("before commit()");
});

test("a signal and timeoutMs cover the fetches too", async () => {
  const { database } = stuck();
  const { connection } = connectedTo(database, plain);
  const reason = new Error("changed my mind");
  const leave = new AbortController();
  const cursor = await connection.execute("SELECT n", undefined, { signal: leave.signal });
  const waiting = failureOf(cursor.fetchAll(), OperationalError);
  leave.abort(reason);
  const canceled = await waiting;
  expect([canceled.code, canceled.cause.cause]).toEqual(["canceled", reason]);
  await failureOf(cursor.fetchOne(), OperationalError);
  await cursor.execute("SELECT n", undefined, { timeoutMs: 200 });
  expect((await failureOf(cursor.fetchAll(), OperationalError)).code).toBe("deadline_exceeded");
});

test("a signal that is aborted before sends nothing", async () => {
  const script = database();
  const { connection } = connectedTo(script);
  const error = await failureOf(connection.execute("SELECT n", [], { signal: AbortSignal.abort() }), OperationalError);
  expect(error.code).toBe("canceled");
  expect(script.log).toEqual([]);
});

test("a result that breaks off fails at its place, and again", async () => {
  const script = database();
  const backend = {
    ...script.backend,
    async doGet() {
      const { schema, chunks } = resultOf(numbers(1, 2));
      const broken = async function* () {
        yield* chunks;
        throw new ConnectError("a disk broke", Code.Internal);
      };
      return { schema: schema!, chunks: broken() };
    },
  };
  const { connection } = connectedTo({ ...script, backend }, plain);
  const cursor = await connection.execute("SELECT n");
  expect(await cursor.fetchMany(2)).toEqual([[1], [2]]);
  for (let i = 0; i < 2; i++)
    expect((await failureOf(cursor.fetchOne(), InternalError)).message).toContain("a disk broke");
  expect(cursor.rowCount).toBe(-1);
});

test("a query that fails does so when it is executed, though the server says it only when it is read", async () => {
  const script = database();
  const backend = {
    ...script.backend,
    async doGet(): Promise<never> {
      throw new ConnectError("no such table: x", Code.Unknown);
    },
  };
  const { connection } = connectedTo({ ...script, backend }, plain);
  const cursor = connection.cursor();
  const error = await failureOf(cursor.execute("SELECT * FROM x"), DatabaseError);
  expect(error).not.toBeInstanceOf(NotSupportedError);
  expect(error.name).toBe("DatabaseError");
  expect(cursor.description).toBeNull();
});

/** Time for whatever would be read ahead to be read. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

/** Fails what takes as long as the client's own limit of time. */
async function promptly<T>(work: Promise<T>): Promise<T> {
  const started = performance.now();
  const value = await work;
  expect(performance.now() - started).toBeLessThan(5000);
  return value;
}
