import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Field, Int64, Schema } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { NotSupportedError, OperationalError, ProgrammingError } from "../../src/dbapi/index.ts";
import { DoPutUpdateResultSchema } from "../../src/gen/FlightSql_pb.ts";
import { numbers } from "../support/router.ts";
import { connectedTo, failureOf } from "./connected.ts";
import { type DatabaseOptions, database, unimplemented } from "./database.ts";

const none = new Schema([]);
const count = new Schema([new Field("Count", new Int64())]);
const plain = { autocommit: true };

/** What the server is asked for one statement, without the ends of results. */
async function asked(options: DatabaseOptions, sql: string, params?: readonly number[]) {
  const script = database(options);
  const { connection } = connectedTo(script, plain);
  const cursor = await connection.execute(sql, params);
  const { rowCount, description } = cursor;
  await cursor.close();
  return { log: script.log.filter((line) => line !== "end"), rowCount, rows: description !== null };
}

describe("a query or an update", () => {
  const query = { log: ["query q"], rowCount: -1, rows: true };

  for (const sql of [
    "SELECT 1",
    "  select 1",
    "-- DELETE\n/* INSERT */ SELECT 1",
    "(SELECT 1) UNION (SELECT 2)",
    "VALUES (1)",
    "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
  ]) {
    test(`${JSON.stringify(sql)} is sent as it is, and nothing else`, async () => {
      expect(await asked({}, sql)).toEqual({ ...query, log: [`query ${sql}`] });
    });
  }

  const prepared = (end: string[]): string[] => [
    expect.stringMatching(/^prepare /),
    ...end,
    expect.stringMatching(/^close h1/),
  ];
  const asUpdate = { log: prepared(["update h1"]), rowCount: 1, rows: false };
  const asQuery = { log: prepared(["query h1"]), rowCount: -1, rows: true };

  for (const [what, sql, said, outcome] of [
    ["the server's yes decides", "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", { isUpdate: true }, asUpdate],
    ["the server's no decides", "INSERT INTO t VALUES (1)", { isUpdate: false }, asQuery],
    ["an INSERT whose count is described as a column", "INSERT INTO t VALUES (1)", { dataset: count }, asUpdate],
    ["an INSERT that returns rows", "INSERT INTO t VALUES (1) RETURNING id", { dataset: count }, asQuery],
    ["a text that only quotes RETURNING", "INSERT INTO t VALUES ('returning', \"returning\")", {}, asUpdate],
    ["an unknown statement with no columns", "VACUUM", { dataset: none }, asUpdate],
    ["an unknown statement with columns", "PIVOT t", { dataset: count }, asQuery],
    ["a definition with columns", "CREATE TABLE t (n INTEGER)", { dataset: count }, asQuery],
    ["a definition of which nothing is said", "CREATE TABLE t (n INTEGER)", {}, asUpdate],
    ["an unknown statement of which nothing is said", "PRAGMA x", {}, asQuery],
  ] as const) {
    test(what, async () => {
      expect(await asked({ prepared: said }, sql)).toEqual(outcome);
    });
  }

  test("with parameters every statement is prepared and bound", async () => {
    expect(await asked({ prepared: { isUpdate: false } }, "SELECT ?", [1])).toEqual({
      ...asQuery,
      log: prepared(["bind h1", "query h1+"]),
    });
    expect(await asked({ prepared: { isUpdate: true } }, "INSERT INTO t VALUES (?)", [1])).toEqual(asUpdate);
  });

  test("a SELECT is a query, even if the server says that it has no columns", async () => {
    expect(await asked({ prepared: { dataset: none } }, "SELECT ?", [1])).toMatchObject({ rowCount: -1, rows: true });
  });

  test("no parameters and an empty list of them are the same", async () => {
    expect((await asked({}, "SELECT 1", [])).log).toEqual(["query SELECT 1"]);
  });
});

describe("on a server without", () => {
  test("prepared statements, a change is an update and anything else a query", async () => {
    const options = { prepared: unimplemented("CreatePreparedStatement") };
    expect(await asked(options, "INSERT INTO t VALUES (1)")).toEqual({
      log: ["prepare INSERT INTO t VALUES (1)", "update INSERT INTO t VALUES (1)"],
      rowCount: 1,
      rows: false,
    });
    expect((await asked(options, "PRAGMA x")).log).toEqual(["prepare PRAGMA x", "query PRAGMA x"]);
  });

  test("prepared statements, parameters are refused and not written into the text", async () => {
    const script = database({ prepared: unimplemented("CreatePreparedStatement") });
    const { connection, server } = connectedTo(script, plain);
    await failureOf(connection.execute("SELECT ?", [1]), NotSupportedError);
    await failureOf(connection.executeMany("INSERT INTO t VALUES (?)", [[1]]), NotSupportedError);
    expect(server.count("DoPut") + server.count("GetFlightInfo")).toBe(0);
  });

  test("updates, everything is a query, read until it has taken effect", async () => {
    const changed = unimplemented("CommandStatementUpdate");
    const script = database({ prepared: unimplemented("CreatePreparedStatement"), changed, schema: none, batches: [] });
    const { connection } = connectedTo(script, plain);
    const cursor = await connection.execute("CREATE TABLE t (n INTEGER)");
    expect(script.log.slice(1)).toEqual([
      "update CREATE TABLE t (n INTEGER)",
      "query CREATE TABLE t (n INTEGER)",
      "end",
    ]);
    expect([cursor.description, cursor.rowCount]).toEqual([null, -1]);
    await failureOf(cursor.fetchOne(), ProgrammingError);
  });
});

describe("a change is not sent twice", () => {
  for (const code of [Code.Unavailable, Code.Unknown, Code.Internal, Code.InvalidArgument]) {
    test(`when it fails with ${Code[code]}`, async () => {
      for (const prepared of [{}, { isUpdate: true }, unimplemented("CreatePreparedStatement")]) {
        const script = database({ prepared, changed: new ConnectError("broken", code) });
        const { connection, server } = connectedTo(script, plain);
        await expect(connection.execute("INSERT INTO t VALUES (1)")).rejects.toThrow("broken");
        expect([server.count("DoPut"), server.count("GetFlightInfo")]).toEqual([1, 0]);
      }
    });
  }

  test("when the server called it an update and then does not implement it", async () => {
    const script = database({ prepared: { isUpdate: true }, changed: unimplemented("this INSERT") });
    const { connection, server } = connectedTo(script, plain);
    await failureOf(connection.execute("INSERT INTO t VALUES (1)"), NotSupportedError);
    expect([server.count("DoPut"), server.count("GetFlightInfo")]).toEqual([1, 0]);
    expect(script.log.at(-1)).toBe("close h1");
  });

  test("when its preparation fails", async () => {
    const script = database({ prepared: new ConnectError("no such table", Code.NotFound) });
    const { connection, server } = connectedTo(script, plain);
    await failureOf(connection.execute("INSERT INTO t VALUES (1)"), ProgrammingError);
    expect([server.count("DoPut"), server.count("GetFlightInfo")]).toEqual([0, 0]);
  });
});

describe("executeMany", () => {
  test("is one upload of all sets, and says how many rows changed", async () => {
    const script = database({ prepared: { isUpdate: true }, changed: 3 });
    const { connection, server } = connectedTo(script, plain);
    const { rowCount, description } = await connection.executeMany("INSERT INTO t VALUES (?)", [[1], [2], [3]]);
    expect([rowCount, description]).toEqual([3, null]);
    expect([server.count("DoPut"), server.count("GetFlightInfo"), server.count("DoGet")]).toEqual([1, 0, 0]);
    expect(script.uploads.map((batch) => batch.numRows)).toEqual([3]);
    expect(script.log).toEqual(["prepare INSERT INTO t VALUES (?)", "update h1", "close h1"]);
  });

  test("of no sets sends nothing", async () => {
    const script = database();
    const { connection } = connectedTo(script, plain);
    expect((await connection.executeMany("INSERT INTO t VALUES (?)", [])).rowCount).toBe(0);
    expect(script.log).toEqual([]);
  });

  test("of a query is refused, and nothing is bound", async () => {
    for (const prepared of [{ isUpdate: false }, {}]) {
      const script = database({ prepared });
      const { connection, server } = connectedTo(script, plain);
      await failureOf(connection.executeMany("SELECT ?", [[1]]), NotSupportedError);
      expect(server.count("DoPut")).toBe(0);
      expect(script.log.at(-1)).toBe("close h1");
    }
  });

  test("with a set that does not fit sends nothing", async () => {
    const script = database({ prepared: { isUpdate: true, parameters: numbers(1).schema } });
    const { connection, server } = connectedTo(script, plain);
    const error = await failureOf(connection.executeMany("INSERT INTO t VALUES (?)", [[1], [2, 3]]), ProgrammingError);
    expect(error.message).toContain("set 1");
    expect(server.count("DoPut")).toBe(0);
  });

  test("that fails in its middle keeps the rows that had changed", async () => {
    const script = database({ prepared: { isUpdate: true } });
    const failing = {
      ...script,
      backend: {
        ...script.backend,
        async *doPut() {
          yield create(DoPutUpdateResultSchema, { recordCount: 7n });
          throw new ConnectError("the disk is full", Code.ResourceExhausted);
        },
      },
    };
    const { connection } = connectedTo(failing, plain);
    const error = await failureOf(connection.executeMany("INSERT INTO t VALUES (?)", [[1]]), OperationalError);
    expect(error.cause.recordCount).toBe(7n);
  });
});
