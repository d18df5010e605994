import type { FlightSqlClient } from "flightsql";
import { expect } from "vitest";
import { expectFailure } from "../expect.ts";
import { type Dialect, freshName, type Scenario } from "../target.ts";

interface Numbers {
  readonly table: string;
  /** The ids in the table, as seen outside of any transaction. */
  readonly ids: () => Promise<number[]>;
}

async function withNumbers(
  client: FlightSqlClient,
  { types }: Dialect,
  use: (numbers: Numbers) => Promise<void>,
): Promise<void> {
  const table = freshName();
  await client.executeUpdate(`CREATE TABLE ${table} (id ${types.bigint})`);
  const ids = () => idsOf(client, table);
  try {
    await use({ table, ids });
  } finally {
    await client.executeUpdate(`DROP TABLE ${table}`);
  }
}

async function idsOf(client: Pick<FlightSqlClient, "query">, table: string): Promise<number[]> {
  const rows = await client.query(`SELECT id FROM ${table} ORDER BY id`).all<{ id: number }>({ int64: "number" });
  return rows.map((row) => row.id);
}

export const commits: Scenario = (client, dialect) =>
  withNumbers(client, dialect, async ({ table, ids }) => {
    const tx = await client.beginTransaction();
    expect(await tx.executeUpdate(`INSERT INTO ${table} VALUES (1), (2)`)).toBe(2n);
    expect(await idsOf(tx, table)).toEqual([1, 2]);
    await tx.commit();
    expect(await ids()).toEqual([1, 2]);
    await expectFailure(tx.commit(), "failed_precondition");
  });

export const rollsBack: Scenario = (client, dialect) =>
  withNumbers(client, dialect, async ({ table, ids }) => {
    await client.executeUpdate(`INSERT INTO ${table} VALUES (1)`);
    const tx = await client.beginTransaction();
    await tx.executeUpdate(`DELETE FROM ${table}`);
    expect(await idsOf(tx, table)).toEqual([]);
    await tx.rollback();
    expect(await ids()).toEqual([1]);
  });

export const asFunction: Scenario = (client, dialect) =>
  withNumbers(client, dialect, async ({ table, ids }) => {
    const answer = await client.transaction(async (tx) => {
      await tx.executeUpdate(`INSERT INTO ${table} VALUES (1)`);
      return "done";
    });
    expect(answer).toBe("done");
    expect(await ids()).toEqual([1]);
    const reason = new Error("changed my mind");
    const failed = client.transaction(async (tx) => {
      await tx.executeUpdate(`INSERT INTO ${table} VALUES (2)`);
      throw reason;
    });
    await expect(failed).rejects.toBe(reason);
    expect(await ids()).toEqual([1]);
  });

export const isolated: Scenario = (client, dialect) =>
  withNumbers(client, dialect, async ({ table, ids }) => {
    await client.transaction(async (tx) => {
      await tx.executeUpdate(`INSERT INTO ${table} VALUES (1)`);
      expect(await ids()).toEqual([]);
    });
    expect(await ids()).toEqual([1]);
  });

export const prepared: Scenario = (client, dialect) =>
  withNumbers(client, dialect, async ({ table, ids }) => {
    const tx = await client.beginTransaction();
    const insert = await tx.prepare(`INSERT INTO ${table} VALUES (?)`);
    for (const id of [1n, 2n, 3n]) await insert.executeUpdate([id]);
    await insert.close();
    const found = tx.query(`SELECT id FROM ${table} WHERE id > ?`, [2n]);
    expect(await found.all({ int64: "number" })).toEqual([{ id: 3 }]);
    await tx.rollback();
    expect(await ids()).toEqual([]);
  });

export const savepoints: Scenario = (client, dialect) =>
  withNumbers(client, dialect, async ({ table, ids }) => {
    await client.transaction(async (tx) => {
      await tx.executeUpdate(`INSERT INTO ${table} VALUES (1)`);
      const undone = await tx.savepoint("undone");
      await tx.executeUpdate(`INSERT INTO ${table} VALUES (2)`);
      await undone.rollback();
      const kept = await tx.savepoint("kept");
      await tx.executeUpdate(`INSERT INTO ${table} VALUES (3)`);
      await kept.release();
    });
    expect(await ids()).toEqual([1, 3]);
  });
