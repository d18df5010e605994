// Query engines of others, from whichever platform: roapi (DataFusion over files) and Sail (Spark SQL).

import type { ClientOptions, FlightSqlClient } from "flightsql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { expectFailure } from "../contract/expect.ts";
import type { Service, ServiceRequest } from "./service.ts";

export interface EnginesPlatform {
  readonly start: (request: ServiceRequest) => Promise<Service>;
  readonly create: (options: ClientOptions) => FlightSqlClient;
  /** The file with 3,000,000 flights, as the server's machine names it. */
  readonly flights: string;
}

export function enginesSuite({ start, create, flights }: EnginesPlatform): void {
  const connect = (options: ClientOptions): FlightSqlClient => {
    const client = create({ timeoutMs: 25_000, ...options });
    onTestFinished(() => client.close());
    return client;
  };
  const sums = "SELECT count(*) AS n, sum(distance) AS d FROM flights";

  describe.each([
    ["a login", { username: "anna", password: "s3cret-password" }],
    ["a token", { token: "s3cret-token" }],
  ] as const)("roapi with %s", (_, auth) => {
    let service: Service;
    beforeAll(async () => {
      service = await start({ server: "roapi", options: { tables: { flights }, auth } });
    });
    afterAll(() => service?.stop());

    test("queries, by both ways, prepared too", async () => {
      const client = connect({ url: service.url, ...auth });
      const [row] = await client.query(sums).all({ int64: "number" });
      expect(row!.n).toBe(3_000_000);
      const statement = await client.prepare(sums);
      expect(await statement.query().all({ int64: "number" })).toEqual([row]);
      await statement.close();
      expect((await client.getTables().tables()).map(({ name }) => name)).toContain("flights");
    });

    test("all rows, and a result left early", async () => {
      const client = connect({ url: service.url, ...auth });
      let rows = 0;
      for await (const batch of client.query("SELECT origin, distance FROM flights")) rows += batch.numRows;
      expect(rows).toBe(3_000_000);
      for await (const _ of client.query("SELECT * FROM flights")) break;
      const [row] = await client.query("SELECT 1 AS one").all({ int64: "number" });
      expect(row).toEqual({ one: 1 });
    });

    test("no credentials, and wrong ones, are refused; the password is not in the error", async () => {
      await expectFailure(connect({ url: service.url }).query(sums).all());
      const wrong = "token" in auth ? { token: "guessed-1234" } : { ...auth, password: "guessed-1234" };
      const error = await expectFailure(
        connect({ url: service.url, ...wrong })
          .query(sums)
          .all(),
      );
      expect(["unauthenticated", "permission_denied", "internal", "invalid_argument"]).toContain(error.code);
      expect(error.message).not.toContain("guessed-1234");
    });

    test("a query that fails says why", async () => {
      const client = connect({ url: service.url, ...auth });
      const error = await expectFailure(client.query("SELECT * FROM no_such_table").all());
      expect(error.message).toContain("no_such_table");
    });
  });

  describe("Sail", () => {
    let service: Service;
    beforeAll(async () => {
      service = await start({ server: "sail" });
    });
    afterAll(() => service?.stop());

    test("values of Spark's types", async () => {
      const client = connect({ url: service.url });
      const [row] = await client
        .query(
          `SELECT 1 AS i, 2L AS l, 1.5D AS x, CAST('12.340' AS DECIMAL(10, 3)) AS d, 'grün' AS t, true AS yes,
             map('a', 1) AS m, array(1, NULL) AS a, named_struct('p', 1, 'q', 'z') AS s, DATE '2024-02-29' AS day,
             TIMESTAMP '2024-02-29 12:00:00.123456' AS at, CAST(NULL AS STRING) AS none, X'00FF' AS b`,
        )
        .all();
      expect(row).toMatchObject({
        i: 1,
        l: 2n,
        x: 1.5,
        d: "12.340",
        t: "grün",
        yes: true,
        m: new Map([["a", 1]]),
        a: [1, null],
        s: { p: 1, q: "z" },
        day: new Date("2024-02-29"),
        none: null,
        b: Uint8Array.of(0, 255),
      });
      expect(row!.at).toBeInstanceOf(Date);
    });

    test("tables are made and filled by queries", async () => {
      const client = connect({ url: service.url });
      const name = `t${Math.random().toString(36).slice(2, 8)}`;
      await client.query(`CREATE TABLE ${name} (id BIGINT, t STRING) USING parquet`).all();
      await client.query(`INSERT INTO ${name} VALUES (1, 'a'), (2, NULL)`).all();
      expect(await client.query(`SELECT * FROM ${name} ORDER BY id`).all()).toEqual([
        { id: 1n, t: "a" },
        { id: 2n, t: null },
      ]);
      await client.query(`DROP TABLE ${name}`).all();
      await expectFailure(client.query(`SELECT * FROM ${name}`).all());
    });

    test("a million rows, in order", async () => {
      const client = connect({ url: service.url });
      let next = 0n;
      for await (const batch of client.query("SELECT id FROM range(1000000) ORDER BY id")) {
        for (const id of batch.getChild("id")!.toArray() as BigInt64Array) if (id !== next++) throw new Error(`${id}`);
      }
      expect(next).toBe(1_000_000n);
    });

    test("what it has not got, it says", async () => {
      const client = connect({ url: service.url });
      await expectFailure(client.executeUpdate("SELECT 1"), "unimplemented");
      await expectFailure(client.prepare("SELECT 1"), "unimplemented");
      await expectFailure(client.getCatalogs().all(), "unimplemented");
    });
  });
}
