import { FlightSqlClient, SqlInfo } from "flightsql";
import { expect, inject, onTestFinished, test } from "vitest";
import "../support/provided.ts";
import {
  type Connection,
  type ConnectOptions,
  connect,
  DataError,
  IntegrityError,
  OperationalError,
  ProgrammingError,
} from "../../src/dbapi/index.ts";
import { freshName } from "../contract/target.ts";
import { failureOf } from "./connected.ts";

const isNode = typeof process !== "undefined" && process.versions?.node !== undefined;
const { grpc, web } = inject("embedded");

function connected(options: ConnectOptions = {}): Connection {
  const client = new FlightSqlClient({ url: isNode ? grpc : web, timeoutMs: 20_000 });
  const connection = connect(client, options);
  onTestFinished(async () => {
    await connection.close();
    await client.close();
  });
  return connection;
}

/** A table that is gone when the test is over, as it looks to everybody. */
async function withTable(columns: string): Promise<string> {
  const table = freshName();
  const connection = connected({ autocommit: true });
  await connection.execute(`CREATE TABLE ${table} (${columns})`);
  onTestFinished(async () => {
    await connection.execute(`DROP TABLE ${table}`);
  });
  return table;
}

test("a session: table, executeMany, queries with and without parameters, changes and their counts", async () => {
  const table = await withTable("id BIGINT PRIMARY KEY, label VARCHAR, price DECIMAL(8, 2)");
  const connection = connected();
  const inserted = await connection.executeMany(`INSERT INTO ${table} VALUES (?, ?, ?)`, [
    [1n, "a", "0.50"],
    [2n, "b", null],
    [3n, null, "-12.00"],
  ]);
  expect([inserted.rowCount, connection.autocommit]).toEqual([3, false]);
  const cursor = await connection.execute(`SELECT * FROM ${table} ORDER BY id`);
  expect(cursor.description?.map(([name, type, , , precision, scale]) => [name, type, precision, scale])).toEqual([
    ["id", "BIGINT", null, null],
    ["label", "TEXT", null, null],
    ["price", "DECIMAL", 8, 2],
  ]);
  expect(await cursor.fetchAll()).toEqual([
    [1n, "a", "0.50"],
    [2n, "b", null],
    [3n, null, "-12.00"],
  ]);
  await cursor.execute(`SELECT label FROM ${table} WHERE id = ?`, [2n]);
  expect(await cursor.fetchAll()).toEqual([["b"]]);
  await cursor.execute(`SELECT label FROM ${table} WHERE id = $id`, { id: 1n });
  expect(await cursor.fetchAll()).toEqual([["a"]]);
  expect((await cursor.execute(`UPDATE ${table} SET label = ? WHERE id > ?`, ["z", 1n])).rowCount).toBe(2);
  expect((await cursor.execute(`DELETE FROM ${table} WHERE id = 1`)).rowCount).toBe(1);
  await cursor.execute(`INSERT INTO ${table} VALUES (9, 'i', 9) RETURNING id, label`);
  expect(await cursor.fetchAll()).toEqual([[9n, "i"]]);
  await connection.commit();
  const other = await connected().execute(`SELECT count(*) FROM ${table}`);
  expect(await other.fetchOne()).toEqual([3n]);
});

test("others see changes when they are committed, and never those that are rolled back", async () => {
  const table = await withTable("n INTEGER");
  const connection = connected();
  const seen = async (): Promise<unknown> => {
    const cursor = await connected({ autocommit: true }).execute(`SELECT n FROM ${table} ORDER BY n`);
    return (await cursor.fetchAll()).flat();
  };
  await connection.execute(`INSERT INTO ${table} VALUES (1)`);
  expect(await seen()).toEqual([]);
  await connection.commit();
  expect(await seen()).toEqual([1]);
  await connection.execute(`INSERT INTO ${table} VALUES (2)`);
  await connection.rollback();
  await connection.execute(`INSERT INTO ${table} VALUES (3)`);
  await connection.close();
  expect(await seen()).toEqual([1]);
  await connected({ autocommit: true }).execute(`INSERT INTO ${table} VALUES (4)`);
  expect(await seen()).toEqual([1, 4]);
});

test("a failed statement leaves the transaction to be rolled back, and the connection goes on", async () => {
  const table = await withTable("n INTEGER PRIMARY KEY");
  const connection = connected();
  await connection.execute(`INSERT INTO ${table} VALUES (1)`);
  await failureOf(connection.execute(`INSERT INTO ${table} VALUES (1)`), IntegrityError);
  await failureOf(connection.execute("SELECT 1"), OperationalError);
  await connection.rollback();
  expect(await (await connection.execute(`SELECT count(*) FROM ${table}`)).fetchOne()).toEqual([0n]);
  const error = await failureOf(connection.execute("SELECT * FROM no_such_table"), ProgrammingError);
  expect(error.message).toContain("no_such_table");
});

test("what a constraint or a type refuses is of PEP 249's class", async () => {
  const table = await withTable("n UTINYINT PRIMARY KEY CHECK (n < 200), u INTEGER UNIQUE NOT NULL");
  const connection = connected({ autocommit: true });
  const insert = `INSERT INTO ${table} VALUES (?, ?)`;
  await connection.execute(insert, [1, 1]);
  await failureOf(connection.execute(insert, [1, 2]), IntegrityError);
  await failureOf(connection.execute(insert, [2, 1]), IntegrityError);
  await failureOf(
    connection.executeMany(insert, [
      [3, 3],
      [3, 4],
    ]),
    IntegrityError,
  );
  await failureOf(connection.execute(`CREATE TABLE ${table} (n INTEGER)`), IntegrityError);
  await failureOf(connection.execute(insert, [4, null]), ProgrammingError);
  await failureOf(connection.execute(insert, [255, 5]), ProgrammingError);
  await failureOf(connection.execute(`INSERT INTO ${table} VALUES (256, 6)`), DataError);
  const cursor = await connection.execute(`SELECT n FROM ${table}`);
  expect(await cursor.fetchAll()).toEqual([[1]]);
});

test("the first rows of a result without end are there at once, and leaving it stops the server", async () => {
  const connection = connected();
  const cursor = await connection.execute("SELECT range AS n FROM range(1000000000000)");
  expect(await cursor.fetchOne()).toEqual([0n]);
  expect((await cursor.fetchMany(5000)).at(-1)).toEqual([5000n]);
  await connection.commit();
  await cursor.execute("SELECT range AS n FROM range(1000000000000)");
  for await (const [n] of cursor) if (n === 100_000n) break;
  await cursor.execute("SELECT 42");
  expect(await cursor.fetchAll()).toEqual([[42]]);
});

test("a loop over rows may run other statements of the same transaction", async () => {
  const table = await withTable("n BIGINT");
  const connection = connected();
  const cursor = await connection.execute("SELECT range FROM range(10000)");
  let rows = 0;
  for await (const [n] of cursor) {
    if (rows++ % 2500 === 0) await connection.execute(`INSERT INTO ${table} VALUES (?)`, [n as bigint]);
  }
  expect([rows, cursor.rowCount]).toEqual([10_000, 10_000]);
  expect(await (await connection.execute(`SELECT n FROM ${table} ORDER BY n`)).fetchAll()).toEqual([
    [0n],
    [2500n],
    [5000n],
    [7500n],
  ]);
});

test("rows as objects, and values as asked for", async () => {
  const connection = connected({ as: "object", int64: "number", timestamp: "string", autocommit: true });
  const cursor = connection.cursor<{ n: number; at: string }>();
  await cursor.execute("SELECT 1::BIGINT AS n, TIMESTAMP '2020-01-02 03:04:05' AS at");
  expect(await cursor.fetchOne()).toEqual({ n: 1, at: "2020-01-02T03:04:05.000000" });
});

test("reflection: columns, names, keys and SqlInfo", async () => {
  const parent = await withTable("b INTEGER NOT NULL, a VARCHAR, PRIMARY KEY (a, b)");
  const child = await withTable(`id BIGINT, pa VARCHAR, pb INTEGER, FOREIGN KEY (pa, pb) REFERENCES ${parent} (a, b)`);
  const view = freshName();
  const connection = connected({ autocommit: true });
  await connection.execute(`CREATE VIEW ${view} AS SELECT 1 AS one`);
  onTestFinished(async () => {
    await connected({ autocommit: true }).execute(`DROP VIEW ${view}`);
  });
  expect(await connection.getColumns(child)).toEqual([
    { name: "id", type: "BIGINT", nullable: true, comment: null },
    { name: "pa", type: "TEXT", nullable: true, comment: null },
    { name: "pb", type: "INTEGER", nullable: true, comment: null },
  ]);
  expect((await connection.getColumns(parent, "main")).map(({ name, nullable }) => [name, nullable])).toEqual([
    ["b", false],
    ["a", false],
  ]);
  const tables = await connection.getTableNames("main");
  expect(tables).toEqual(expect.arrayContaining([parent, child]));
  expect(tables).not.toContain(view);
  expect(await connection.getViewNames()).toContain(view);
  expect(await connection.getTableNames("no such schema")).toEqual([]);
  expect(await connection.getSchemaNames()).toContain("main");
  expect((await connection.getPrimaryKeys(parent)).columns).toEqual(["a", "b"]);
  expect((await connection.getPrimaryKeys(child)).columns).toEqual([]);
  expect(await connection.getForeignKeys(child)).toMatchObject([
    { columns: ["pa", "pb"], referredSchema: "main", referredTable: parent, referredColumns: ["a", "b"] },
  ]);
  expect(await connection.getForeignKeys(parent)).toEqual([]);
  const info = await connection.getSqlInfo([SqlInfo.FLIGHT_SQL_SERVER_NAME, SqlInfo.SQL_IDENTIFIER_QUOTE_CHAR]);
  expect(info).toEqual(
    new Map([
      [0, "DuckDB"],
      [504, '"'],
    ]),
  );
  expect((await failureOf(connection.getColumns("no_such_table"), ProgrammingError)).code).toBe("not_found");
});
