import { FlightSqlClient, type Progress } from "flightsql";
import { describe, expect, inject, test } from "vitest";
import "../support/provided.ts";
import { duckdb } from "./dialects.ts";
import { contract } from "./suite.ts";

const { grpc, web, bridge } = inject("embedded");
const isNode = typeof process !== "undefined" && process.versions?.node !== undefined;

const cannot = {
  savepoints: "DuckDB has none",
  "session options": "it takes only options that mean something to it",
};

for (const [name, url] of Object.entries({
  ...(isNode && { "native gRPC": grpc }),
  "gRPC-Web": web,
  "gRPC-Web through the bridge": bridge,
})) {
  contract({ name: `the embedded DuckDB, ${name}`, options: () => ({ url }), dialect: duckdb, cannot });
  polling(name, url);
}

/** What other servers do not offer: how far a query is, and its result while it runs. */
function polling(name: string, url: string): void {
  describe(`polling the embedded DuckDB, ${name}`, () => {
    const reference = inject("reference");
    // What was told while nothing was there to read is the server's word alone.
    const told = (seen: readonly Progress[]): Set<number> =>
      new Set(seen.map(({ fraction = 0 }) => fraction).filter((fraction) => fraction > 0 && fraction < 1));

    test("an aggregate over 9,000,000 rows tells how far it is", async () => {
      const client = new FlightSqlClient(url);
      const seen: Progress[] = [];
      const query = `SELECT count(DISTINCT hash(f)) AS n, count(*) AS rows, sum(distance)::DOUBLE AS distance
        FROM (FROM flights UNION ALL FROM flights UNION ALL FROM flights) f`;
      const [row] = await client
        .query(query, undefined, { poll: true, onProgress: (p) => seen.push(p) })
        .all<{ n: bigint; rows: bigint; distance: number }>();
      expect(row).toMatchObject({ rows: BigInt(3 * reference.rows), distance: 3 * reference.distance });
      expect(told(seen.filter(({ rows }) => rows === 0)).size).toBeGreaterThanOrEqual(2);
      expect(seen.at(-1)).toMatchObject({ rows: 1, fraction: 1 });
      await client.close();
    });

    test("3,000,000 rows are read while they are made", async () => {
      const client = new FlightSqlClient(url);
      const seen: Progress[] = [];
      let rows = 0;
      let distance = 0;
      const options = { poll: true, onProgress: (p: Progress) => seen.push(p) };
      for await (const batch of client.query("SELECT * FROM flights", undefined, options)) {
        rows += batch.numRows;
        for (const d of batch.getChild("distance")!) distance += Number(d);
      }
      expect([rows, distance]).toEqual([reference.rows, reference.distance]);
      expect(told(seen).size).toBeGreaterThanOrEqual(2);
      await client.close();
    });

    test("cancel() stops a query without a row yet", async () => {
      const client = new FlightSqlClient(url);
      const result = client.query("SELECT sum(hash(i)) AS s FROM range(1000000000000) t(i)", undefined, { poll: true });
      const reading = result.table().catch((reason: unknown) => reason);
      await result.info();
      expect(await result.cancel()).toBe("cancelled");
      expect(await reading).toMatchObject({ code: "canceled" });
      await client.close();
    });
  });
}
