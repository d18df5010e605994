import { Code, ConnectError } from "@connectrpc/connect";
import { Field, Int32, Schema, Uint32 } from "apache-arrow";
import { expect, test } from "vitest";
import { NotSupportedError, OperationalError, ProgrammingError } from "../../src/dbapi/index.ts";
import type { Result } from "../../src/server/backend.ts";
import { rowsResult } from "../../src/server/rows.ts";
import { numbers } from "../support/router.ts";
import { connectedTo, failureOf } from "./connected.ts";
import { type DatabaseOptions, database, unimplemented } from "./database.ts";

const insert = "INSERT INTO t VALUES (1)";

test("the first statement begins a transaction, which all cursors share and commit() ends", async () => {
  const script = database({ prepared: { isUpdate: true } });
  const { connection } = connectedTo(script);
  expect(connection.autocommit).toBeNull();
  await connection.commit();
  await connection.rollback();
  expect(script.log).toEqual([]);
  const cursor = connection.cursor();
  await cursor.execute(insert);
  expect(connection.autocommit).toBe(false);
  await connection.executeMany("INSERT INTO t VALUES (?)", [[1]]);
  await connection.execute("SELECT 1");
  await connection.commit();
  await cursor.execute(insert);
  await connection.rollback();
  expect(script.log.filter((line) => !/^(close|end)/.test(line))).toEqual([
    "begin",
    `prepare ${insert} in tx`,
    "update h1",
    "prepare INSERT INTO t VALUES (?) in tx",
    "update h2",
    "query SELECT 1 in tx",
    "commit",
    "begin",
    `prepare ${insert} in tx`,
    "update h3",
    "rollback",
  ]);
});

test("statements at the same time begin one transaction", async () => {
  const script = database();
  const { connection } = connectedTo(script);
  await Promise.all([connection.execute("SELECT 1"), connection.execute("SELECT 2"), connection.execute("SELECT 3")]);
  expect(script.log.filter((line) => line === "begin")).toHaveLength(1);
});

test("who waits for a beginning that another aborts begins anew", async () => {
  const script = database();
  const { connection } = connectedTo(script);
  const leave = new AbortController();
  const first = failureOf(connection.execute("SELECT 1", [], { signal: leave.signal }), OperationalError);
  const second = connection.execute("SELECT 2");
  leave.abort();
  await first;
  expect(await (await second).fetchOne()).toEqual([1]);
});

test("close() rolls back what was not committed", async () => {
  const script = database();
  const { connection } = connectedTo(script);
  await connection.execute("SELECT 1");
  await connection.close();
  expect(script.log.at(-1)).toBe("rollback");
  expect(script.log).not.toContain("commit");
});

test("rows that were not fetched go with their transaction; those of a complete result stay", async () => {
  const script = database({ batches: Array.from({ length: 100 }, (_, i) => numbers(i)) });
  const { connection } = connectedTo(script);
  for (const end of ["commit", "rollback"] as const) {
    const cursor = await connection.execute("SELECT n");
    await cursor.fetchOne();
    await connection[end]();
    const error = await failureOf(cursor.fetchOne(), ProgrammingError);
    expect(error.message).toContain(`before ${end}()`);
  }
  await expect.poll(() => script.log.filter((line) => line === "end").length).toBe(2);
});

test("a commit of which nobody knows says so, and the next statement begins anew", async () => {
  const script = database({ commit: new ConnectError("gone", Code.Unavailable) });
  const { connection } = connectedTo(script);
  await connection.execute("SELECT 1");
  expect((await failureOf(connection.commit(), OperationalError)).message).toContain("not known whether");
  await connection.execute("SELECT 1");
  expect(script.log.filter((line) => line === "begin" || line === "commit")).toEqual(["begin", "commit", "begin"]);
});

test("autocommit: true asks for no transaction", async () => {
  const script = database();
  const { connection } = connectedTo(script, { autocommit: true });
  expect(connection.autocommit).toBe(true);
  await connection.execute("SELECT 1");
  await connection.commit();
  await connection.rollback();
  expect(script.log.filter((line) => line !== "end")).toEqual(["query SELECT 1"]);
});

/** What GetSqlInfo answers for FLIGHT_SQL_SERVER_TRANSACTION. */
const saying = (transactions: readonly number[]): NonNullable<DatabaseOptions["metadata"]> => ({
  SqlInfo: (): Result =>
    rowsResult(new Schema([new Field("info_name", new Uint32()), new Field("value", new Int32())]), [
      transactions.map(() => 8),
      transactions,
    ]),
});

const refusal = new ConnectError("the defined request is invalid", Code.InvalidArgument);

for (const [what, options] of [
  ["does not implement them", { begin: unimplemented("BeginTransaction") }],
  ["refuses and says that it has none", { begin: refusal, metadata: saying([0]) }],
  ["refuses and does not list them", { begin: refusal, metadata: saying([]) }],
] as const) {
  test(`a server that ${what}: autocommit, stated, and no rollback that does nothing`, async () => {
    const script = database({ ...options, prepared: { isUpdate: true } });
    const { connection } = connectedTo(script);
    await connection.execute(insert);
    await connection.execute(insert);
    expect(connection.autocommit).toBe(true);
    expect(script.log.filter((line) => line === "begin")).toHaveLength(1);
    expect(script.log).toContain(`prepare ${insert}`);
    await connection.commit();
    const error = await failureOf(connection.rollback(), NotSupportedError);
    expect(error.message).toContain("committed as it ran");
    const cursor = await connection.execute("SELECT n");
    await connection.commit();
    expect(await cursor.fetchOne()).toEqual([1]);
    await connection.close();
    expect(script.log).not.toContain("rollback");
  });
}

for (const [what, options] of [
  ["has them but refuses", { begin: refusal, metadata: saying([1]) }],
  ["refuses and does not say more", { begin: refusal }],
  ["is not there", { begin: new ConnectError("gone", Code.Unavailable) }],
  ["does not let us in", { begin: new ConnectError("who?", Code.Unauthenticated) }],
] as const) {
  test(`a server that ${what}: the statement fails and is not run without a transaction`, async () => {
    const script = database(options);
    const { connection } = connectedTo(script);
    await expect(connection.execute("SELECT 1")).rejects.toThrow(options.begin.rawMessage);
    expect(connection.autocommit).toBeNull();
    expect(script.log).not.toContain("query SELECT 1");
  });
}
