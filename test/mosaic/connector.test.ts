// Mosaic's own Coordinator over the connector, against the embedded server.

import { Coordinator, decodeIPC } from "@uwdata/mosaic-core";
import { FlightSqlClient, FlightSqlError } from "flightsql";
import { afterAll, describe, expect, inject, test } from "vitest";
import { flightSqlConnector } from "../../src/mosaic/index.ts";
import type {} from "../support/provided.ts";

/** What a table of Mosaic gives, as far as these tests ask. */
interface MosaicTable {
  readonly numRows: number;
  toArray(): Record<string, unknown>[];
}

describe.each([
  ["native gRPC", inject("embedded").grpc],
  ["gRPC-Web", inject("embedded").web],
])("over %s", (_, url) => {
  const client = new FlightSqlClient(url);
  const connector = flightSqlConnector(client);
  const coordinator = new Coordinator(connector, { logger: null });
  const query = async (sql: string, options = {}) => (await coordinator.query(sql, options)) as MosaicTable;
  afterAll(() => client.close());

  test("a query gives Mosaic its table", async () => {
    const table = await query(
      "SELECT count(*) AS n, sum(distance)::BIGINT AS distance, min(date) AS first FROM flights",
    );
    const { rows, distance } = inject("reference");
    expect(table.toArray()).toEqual([{ n: rows, distance, first: new Date("2001-01-01T00:01:00Z") }]);
  });

  test("a result of many batches comes whole", async () => {
    const table = await query("SELECT delay FROM flights LIMIT 500000");
    expect(table.numRows).toBe(500_000);
  });

  test("an empty result keeps its columns", async () => {
    const bytes = await connector.query({ type: "arrow", sql: "SELECT 1 AS a, 'x' AS b WHERE false" });
    expect(decodeIPC(bytes).names).toEqual(["a", "b"]);
  });

  test("json gives plain objects", async () => {
    const sql = "SELECT count(*) AS n, 1.5::DECIMAL(4, 2) AS d, 'x' AS s, TIMESTAMP '2001-01-01' AS t, NULL AS nothing";
    const rows = await connector.query({ type: "json", sql });
    expect(rows).toEqual([{ n: 1, d: 1.5, s: "x", t: new Date("2001-01-01T00:00:00Z"), nothing: null }]);
  });

  test("several statements run in their order", async () => {
    const table = `mosaic_${Math.random().toString(36).slice(2)}`;
    await coordinator.exec([`CREATE TABLE ${table} (a INTEGER)`, `INSERT INTO ${table} VALUES (1), (2);`]);
    expect((await query(`INSERT INTO ${table} VALUES (3); SELECT max(a) AS a FROM ${table}`)).toArray()).toEqual([
      { a: 3 },
    ]);
    await coordinator.exec(`DROP TABLE ${table}`);
    await expect(query(`SELECT * FROM ${table}`)).rejects.toThrow("does not exist");
  });

  test.each(["query", "exec"] as const)("%s fails with the client's error", async (method) => {
    const failure = Promise.resolve(coordinator[method]("SELECT * FROM no_such_table; SELECT 1"));
    const error = await failure.then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(FlightSqlError);
    expect(String(error)).toContain("no_such_table");
  });

  const endless = "SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b";

  test.each(["the query's", "the connector's"])("%s signal stops it", async (whose) => {
    const stop = new AbortController();
    const mine = whose === "the query's";
    const call = { signal: stop.signal };
    const asked = new Coordinator(flightSqlConnector(client, mine ? { signal: new AbortController().signal } : call), {
      logger: null,
    }).query(endless, mine ? call : {});
    const failure = asked.then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown,
    );
    setTimeout(() => stop.abort("left"), 200);
    expect(await failure).toMatchObject({ code: "canceled", cause: "left" });
  });
});
