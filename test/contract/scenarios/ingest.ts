import { type RecordBatch, tableFromArrays } from "apache-arrow";
import type { FlightSqlClient } from "flightsql";
import { expect } from "vitest";
import { expectFailure } from "../expect.ts";
import { freshName, type Scenario } from "../target.ts";

const table = (...n: number[]) => tableFromArrays({ n: Float64Array.from(n) });

async function read(client: Pick<FlightSqlClient, "query">, name: string): Promise<number[]> {
  return (await client.query(`SELECT n FROM ${name} ORDER BY n`).all<{ n: number }>()).map(({ n }) => n);
}

async function withName(client: FlightSqlClient, use: (name: string) => Promise<void>): Promise<void> {
  const name = freshName();
  try {
    await use(name);
  } finally {
    await client.executeUpdate(`DROP TABLE IF EXISTS ${name}`);
  }
}

export const modes: Scenario = (client) =>
  withName(client, async (name) => {
    await expectFailure(client.ingest(name, table(1), { mode: "append" }));
    expect(await client.ingest(name, table(1, 2))).toBe(2n);
    await expectFailure(client.ingest(name, table(3), { mode: "create" }));
    expect(await read(client, name)).toEqual([1, 2]);
    expect(await client.ingest(name, table(3), { mode: "append" })).toBe(1n);
    expect(await client.ingest(name, table(4), { mode: "create_append" })).toBe(1n);
    expect(await read(client, name)).toEqual([1, 2, 3, 4]);
    expect(await client.ingest(name, table(9), { mode: "replace" })).toBe(1n);
    expect(await read(client, name)).toEqual([9]);
  });

export const rows: Scenario = (client) =>
  withName(client, async (name) => {
    const input = [
      { n: 1.5, label: "a", big: 2n ** 60n, none: null },
      { n: 2.5, label: "$x ?", big: -1n, none: "not any more" },
    ];
    expect(await client.ingest(name, input)).toBe(2n);
    expect(await client.query(`SELECT * FROM ${name} ORDER BY n`).all()).toEqual(input);
  });

export const streamed: Scenario = (client) =>
  withName(client, async (name) => {
    async function* batches(): AsyncGenerator<RecordBatch, void, undefined> {
      for (let i = 0; i < 50; i++) yield* table(i, i + 0.5).batches;
    }
    expect(await client.ingest(name, batches())).toBe(100n);
    const [sums] = await client.query(`SELECT count(*) AS c, sum(n) AS s FROM ${name}`).all({ int64: "number" });
    expect(sums).toEqual({ c: 100, s: 2475 });
  });

export const chunks: Scenario = (client) =>
  withName(client, async (name) => {
    const input = Array.from(
      { length: 20 },
      (_, i) => table(...Array.from({ length: 100 }, (_, k) => 100 * i + k)).batches[0]!,
    );
    const seen: number[] = [];
    expect(await client.ingest(name, input, { chunkBytes: 4000 })).toBe(2000n);
    seen.push(...(await read(client, name)));
    expect(seen).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    // One that fails in the middle leaves nothing behind.
    async function* broken(): AsyncGenerator<RecordBatch, void, undefined> {
      yield* input;
      throw new Error("no more");
    }
    await expect(client.ingest(name, broken(), { mode: "append", chunkBytes: 4000 })).rejects.toThrow("no more");
    expect(await read(client, name)).toHaveLength(2000);
  });

export const inTransaction: Scenario = (client) =>
  withName(client, async (name) => {
    const tx = await client.beginTransaction();
    expect(await tx.ingest(name, table(1, 2))).toBe(2n);
    expect(await read(tx, name)).toEqual([1, 2]);
    await tx.rollback();
    await expectFailure(client.query(`SELECT n FROM ${name}`).table());
  });
