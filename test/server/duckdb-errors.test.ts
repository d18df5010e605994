import { Code } from "@connectrpc/connect";
import { DuckDBInstance } from "@duckdb/node-api";
import { FlightSqlClient } from "flightsql";
import { expect, test } from "vitest";
import { duckdbError } from "../../src/server/duckdb/errors.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";

// DuckDB names no codes: what its failures say is held against DuckDB itself.

const before = `
  CREATE TABLE p (id INTEGER PRIMARY KEY, u INTEGER UNIQUE, n VARCHAR NOT NULL, k INTEGER CHECK (k > 0));
  CREATE TABLE f (id INTEGER REFERENCES p (id));
  CREATE TABLE twice AS SELECT 1 AS a FROM range(2);
  INSERT INTO p VALUES (1, 1, 'a', 1);
  INSERT INTO f VALUES (1);`;

test.each<[code: keyof typeof Code, sql: string]>([
  ["AlreadyExists", "INSERT INTO p VALUES (1, 2, 'a', 1)"],
  ["AlreadyExists", "INSERT INTO p VALUES (2, 1, 'a', 1)"],
  ["AlreadyExists", "INSERT INTO p SELECT 5, range, 'a', 1 FROM range(10, 12)"],
  ["AlreadyExists", "CREATE UNIQUE INDEX i ON twice (a)"],
  ["AlreadyExists", "CREATE TABLE p (a INTEGER)"],
  ["AlreadyExists", "CREATE SCHEMA main"],
  ["FailedPrecondition", "INSERT INTO f VALUES (7)"],
  ["FailedPrecondition", "DELETE FROM p WHERE id = 1"],
  ["InvalidArgument", "INSERT INTO p VALUES (3, 3, NULL, 1)"],
  ["InvalidArgument", "INSERT INTO p VALUES (NULL, 3, 'a', 1)"],
  ["InvalidArgument", "INSERT INTO p VALUES (3, 3, 'a', -1)"],
  ["OutOfRange", "SELECT 300::UTINYINT"],
  ["OutOfRange", "SELECT 9223372036854775807 + 1::BIGINT"],
  ["InvalidArgument", "SELECT 'a'::INTEGER"],
  ["InvalidArgument", "SELECT * FROM nowhere"],
  ["InvalidArgument", "SELECT 'already exists!' FROM p WHERE duplicate"],
])("%s: %s", async (code, sql) => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(before);
    const error = await connection.run(sql).then(
      () => expect.fail("it succeeded"),
      (reason: unknown) => duckdbError(reason),
    );
    expect([Code[error.code], error.rawMessage]).toEqual([code, expect.stringMatching(/ Error: /)]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});

test("two transactions with the same key: the second to commit has a duplicate", async () => {
  const backend = await duckdbBackend();
  const server = await listen(backend);
  const client = new FlightSqlClient({ url: `grpc://127.0.0.1:${server.port}`, timeoutMs: 20_000 });
  try {
    await client.executeUpdate("CREATE TABLE k (id INTEGER PRIMARY KEY)");
    const [one, other] = [await client.beginTransaction(), await client.beginTransaction()];
    for (const transaction of [one, other]) await transaction.executeUpdate("INSERT INTO k VALUES (1)");
    await one.commit();
    await expect(other.commit()).rejects.toMatchObject({ code: "already_exists" });
    expect(await client.query("SELECT * FROM k").all()).toEqual([{ id: 1 }]);
  } finally {
    await client.close();
    await server.close(0);
    await backend.close();
  }
});
