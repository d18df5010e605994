import { FlightSqlClient, SqlInfo } from "flightsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Connection, connect, DatabaseError, NotSupportedError } from "../../src/dbapi/index.ts";
import type { Service } from "./service.ts";
import { startService } from "./start-service.ts";

// What the integration tests of flightsql-dbapi assert, against the server they ran on: arrow-go's sqlite example. Its
// answers have changed since in three places, which are marked.

describe("sqlite", () => {
  let service: Service;
  let client: FlightSqlClient;
  let connection: Connection;
  beforeAll(async () => {
    service = await startService({ server: "sqlite" });
    client = new FlightSqlClient({ url: service.url, timeoutMs: 20_000 });
    connection = connect(client);
  });
  afterAll(async () => {
    await connection?.close();
    await client?.close();
    await service?.stop();
  });

  test("inserting and deleting change one row each", async () => {
    const cursor = connection.cursor();
    await cursor.execute("INSERT INTO intTable (keyName, value) VALUES ('new', 33)");
    expect(cursor.rowCount).toBe(1);
    await cursor.execute("DELETE FROM intTable WHERE keyName = 'new'");
    expect(cursor.rowCount).toBe(1);
    await connection.commit();
    expect(connection.autocommit).toBe(false);
  });

  test("all of intTable, described", async () => {
    const cursor = await connection.execute("SELECT * FROM intTable");
    expect(cursor.description?.map(([name, type]) => [name, type])).toEqual([
      ["id", "BIGINT"],
      ["keyName", "TEXT"],
      ["value", "BIGINT"],
      ["foreignId", "BIGINT"],
    ]);
    expect(await cursor.fetchAll()).toEqual([
      [1n, "one", 1n, 1n],
      [2n, "zero", 0n, 1n],
      [3n, "negative one", -1n, 1n],
      [4n, null, null, null],
    ]);
    await connection.commit();
  });

  test("names of tables and schemas", async () => {
    expect(await connection.getTableNames()).toEqual(["foreignTable", "intTable", "sqlite_sequence"]);
    expect(await connection.getViewNames()).toEqual([]);
    // v11 answered no row, 18.8 one without a name.
    expect(await connection.getSchemaNames()).toEqual([]);
  });

  test("what the server says of itself", async () => {
    const { FLIGHT_SQL_SERVER_NAME, FLIGHT_SQL_SERVER_VERSION, FLIGHT_SQL_SERVER_READ_ONLY } = SqlInfo;
    const ids = [FLIGHT_SQL_SERVER_NAME, FLIGHT_SQL_SERVER_VERSION, FLIGHT_SQL_SERVER_READ_ONLY];
    // The third, the version of Arrow, grows with the server.
    expect(await connection.getSqlInfo(ids)).toEqual(
      new Map<number, unknown>([
        [FLIGHT_SQL_SERVER_NAME, "db_name"],
        [FLIGHT_SQL_SERVER_VERSION, "sqlite 3"],
        [FLIGHT_SQL_SERVER_READ_ONLY, false],
      ]),
    );
  });

  test("the columns of intTable, and its keys", async () => {
    const columns = await connection.getColumns("intTable");
    expect(columns.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
      // v11 said of none that it is nullable.
      ["id", "BIGINT", false],
      ["keyName", "TEXT", true],
      ["value", "BIGINT", true],
      ["foreignId", "BIGINT", true],
    ]);
    expect(await connection.getPrimaryKeys("intTable")).toEqual({ name: null, columns: ["id"] });
    expect(await connection.getForeignKeys("intTable")).toMatchObject([
      { columns: ["foreignId"], referredTable: "foreignTable", referredColumns: ["id"] },
    ]);
  });

  test("a query with parameters", async () => {
    const cursor = await connection.execute("SELECT * FROM intTable WHERE id = ? AND keyName = ?", [1, "one"]);
    expect(await cursor.fetchAll()).toEqual([[1n, "one", 1n, 1n]]);
    await connection.commit();
  });

  test("executeMany inserts three rows, which a query finds and a statement deletes", async () => {
    const cursor = connection.cursor();
    await cursor.executeMany("INSERT INTO intTable (keyName, value) VALUES (?, ?)", [
      ["many", 1],
      ["many", 2],
      ["many", 3],
    ]);
    expect(cursor.rowCount).toBe(3);
    await cursor.execute("SELECT value FROM intTable WHERE keyName = ? ORDER BY value", ["many"]);
    expect(await cursor.fetchAll()).toEqual([[1n], [2n], [3n]]);
    await cursor.execute("DELETE FROM intTable WHERE keyName = ?", ["many"]);
    expect(cursor.rowCount).toBe(3);
    await connection.commit();
  });

  test("rollback undoes", async () => {
    await connection.execute("DELETE FROM intTable");
    await connection.rollback();
    expect(await (await connection.execute("SELECT count(*) FROM intTable")).fetchOne()).toEqual([4n]);
    await connection.rollback();
  });

  test("a table that is not there fails the statement, though the server says it only when it is read", async () => {
    const call = connection.execute("SELECT * FROM no_such_table");
    await expect(call).rejects.toBeInstanceOf(DatabaseError);
    await expect(call).rejects.toThrow("no such table");
    await connection.rollback();
  });
});

// Sail has neither updates, nor prepared statements, nor transactions, nor metadata: everything is a query.
describe("Sail", () => {
  let service: Service;
  let client: FlightSqlClient;
  beforeAll(async () => {
    service = await startService({ server: "sail" });
    client = new FlightSqlClient({ url: service.url, timeoutMs: 60_000 });
  });
  afterAll(async () => {
    await client?.close();
    await service?.stop();
  });

  test("statements take effect, each by itself, and what it does not have is said", async () => {
    const connection = connect(client);
    const view = `dbapi_${Date.now()}`;
    const made = await connection.execute(`CREATE OR REPLACE TEMPORARY VIEW ${view} AS SELECT 1 AS n, 'a' AS t`);
    expect([connection.autocommit, made.rowCount]).toEqual([true, -1]);
    const cursor = await connection.execute(`SELECT n, t FROM ${view}`);
    expect(cursor.description?.map(([name, type]) => [name, type])).toEqual([
      ["n", "INTEGER"],
      ["t", "TEXT"],
    ]);
    expect(await cursor.fetchAll()).toEqual([[1, "a"]]);
    await connection.commit();
    await expect(connection.rollback()).rejects.toBeInstanceOf(NotSupportedError);
    await expect(connection.execute("SELECT ?", [1])).rejects.toBeInstanceOf(NotSupportedError);
    await expect(connection.getTableNames()).rejects.toBeInstanceOf(NotSupportedError);
    await connection.close();
  });
});
