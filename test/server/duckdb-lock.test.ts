import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/server/backend.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/listen.ts";
import { type Flight, failure, grpc, query, rows, update } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "flightsql-lock-"));
const named = join(folder, "named.parquet");
const other = join(folder, "other.csv");
let backend: Backend & { close(): Promise<void> };
let server: Listening;
let client: Flight;

beforeAll(async () => {
  writeFileSync(other, "secret\n1\n");
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT 1 AS a) TO '${named}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  backend = await duckdbBackend({ files: [named], setup: "CREATE TABLE t AS SELECT 5 AS i" });
  server = await listen(backend);
  client = grpc(server.url);
});
afterAll(async () => {
  await server.close(0);
  await backend.close();
  rmSync(folder, { recursive: true });
});

it("the named file answers, by its name and by its path", async () => {
  expect(rows(await query(client, "SELECT * FROM named"))).toEqual([{ a: 1 }]);
  expect(rows(await query(client, `SELECT * FROM '${named}'`))).toEqual([{ a: 1 }]);
});

describe("nothing else is reached", () => {
  const target = join(folder, "made");
  it.each([
    `SELECT * FROM read_csv('${other}')`,
    `SELECT * FROM '${other}'`,
    `SELECT * FROM read_text('${other}')`,
    `SELECT * FROM glob('${folder}/*')`,
    `SELECT * FROM read_csv('https://example.com/x.csv')`,
    `COPY t TO '${target}'`,
    // allowed_paths alone would let this overwrite the named file.
    `COPY t TO '${named}' (FORMAT parquet, USE_TMP_FILE false)`,
    `EXPLAIN ANALYZE COPY t TO '${named}' (FORMAT parquet, USE_TMP_FILE false)`,
    `EXPLAIN ANALYZE /* */ cOpY t TO '${named}' (FORMAT parquet, USE_TMP_FILE false)`,
    `PREPARE p AS COPY t TO '${named}' (FORMAT parquet, USE_TMP_FILE false)`,
    `SELECT 1; COPY t TO '${named}' (FORMAT parquet, USE_TMP_FILE false)`,
    `EXPORT DATABASE '${target}'`,
    `ATTACH '${target}'`,
    "INSTALL httpfs",
    "LOAD httpfs",
    // Creates files where it is told to, and ends the process where it may not.
    `CALL enable_logging(storage = 'file', storage_config = {'path': '${target}'})`,
    `SELECT * FROM "enable_logging" /**/ (storage = 'file', storage_config = {'path': '${target}'})`,
    `SELECT * FROM query('SELECT * FROM ena' || 'ble_logging()')`,
  ])("%s", async (sql) => {
    const asQuery = await failure(query(client, sql));
    const asUpdate = await failure(update(client, sql));
    const refusals: number[] = [Code.PermissionDenied, Code.InvalidArgument];
    expect(refusals).toContain(asQuery.code);
    expect(refusals).toContain(asUpdate.code);
    expect(existsSync(target)).toBe(false);
    expect(rows(await query(client, "SELECT * FROM named"))).toEqual([{ a: 1 }]);
  });

  it.each([
    "SET threads = 1",
    "SET allowed_paths = ['/']",
    "SET enable_external_access = true",
    "RESET lock_configuration",
  ])("%s", async (sql) => {
    expect((await failure(query(client, sql))).message).toMatch(/locked|Cannot change|cannot be/);
  });

  it("the file is as it was", () => {
    expect(readFileSync(named).subarray(0, 4).toString()).toBe("PAR1");
    expect(readFileSync(other, "utf8")).toBe("secret\n1\n");
  });
});

it("transactions in SQL are refused with a word on what to use", async () => {
  for (const sql of ["BEGIN", "COMMIT", "ROLLBACK"]) {
    expect(await failure(update(client, sql))).toMatchObject({ code: Code.InvalidArgument, message: /transactions/ });
  }
});

it("settings and temporary tables of one statement are not those of the next", async () => {
  await update(client, "SET VARIABLE a = 1; CREATE TEMP TABLE mine (i INT)");
  expect(rows(await query(client, "SELECT getvariable('a') AS a"))).toEqual([{ a: null }]);
  expect((await failure(query(client, "SELECT * FROM mine"))).message).toMatch(/does not exist/);
});

it("external access is there for who asks for it", async () => {
  const free = await duckdbBackend({ externalAccess: true });
  const reachable = await listen(free);
  expect(rows(await query(grpc(reachable.url), `SELECT secret::INT AS s FROM read_csv('${other}')`))).toEqual([
    { s: 1 },
  ]);
  await reachable.close(0);
  await free.close();
});
