import { tableFromArrays } from "apache-arrow";
import type { FlightSqlClient } from "flightsql";
import { expect } from "vitest";
import { expectFailure } from "../expect.ts";
import { type Dialect, freshName, type Scenario } from "../target.ts";

/** A table with a column of each kind, gone when `use` is over. */
async function withTable(
  client: FlightSqlClient,
  { types }: Dialect,
  use: (table: string) => Promise<void>,
): Promise<void> {
  const table = freshName();
  await client.executeUpdate(
    `CREATE TABLE ${table} (id ${types.bigint}, i ${types.bigint}, x ${types.double}, t ${types.text}, b ${types.bytes})`,
  );
  try {
    await use(table);
  } finally {
    await client.executeUpdate(`DROP TABLE ${table}`);
  }
}

export const roundTrip: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    const rows = [
      { id: 1n, i: 0n, x: 0, t: "" },
      { id: 2n, i: 9007199254740993n, x: 0.1, t: "$1 ? :name 'quoted' \"grün\" 日本 🚀" },
      { id: 3n, i: -(2n ** 63n), x: -1.5e300, t: "-- no comment\n\t" },
      { id: 4n, i: 2n ** 63n - 1n, x: 5e-324, t: "x".repeat(100_000) },
    ];
    const insert = await client.prepare(`INSERT INTO ${table} (id, i, x, t) VALUES (?, ?, ?, ?)`);
    for (const { id, i, x, t } of rows) expect(await insert.executeUpdate([id, i, x, t])).toBe(1n);
    await insert.close();
    expect(await client.query(`SELECT id, i, x, t FROM ${table} ORDER BY id`).all()).toEqual(rows);
    // And each is found by what went in.
    for (const { id, i, t } of rows) {
      const found = client.query(`SELECT id FROM ${table} WHERE i = ? AND t = ?`, [i, t]);
      expect(await found.all()).toEqual([{ id }]);
    }
  });

export const bytes: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    const b = Uint8Array.of(0, 255, 39, 0, 128);
    await client.executeUpdate(`INSERT INTO ${table} (id, b) VALUES (?, ?)`, [1, b]);
    expect(await client.query(`SELECT b FROM ${table}`).all()).toEqual([{ b }]);
  });

export const booleans: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    for (const [id, value] of [false, true].entries())
      await client.executeUpdate(`INSERT INTO ${table} (id, i) VALUES (?, CASE WHEN ? THEN 1 ELSE 0 END)`, [id, value]);
    const rows = await client.query(`SELECT i FROM ${table} ORDER BY id`).all({ int64: "number" });
    expect(rows).toEqual([{ i: 0 }, { i: 1 }]);
  });

export const nulls: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    await client.executeUpdate(`INSERT INTO ${table} (id, i, x, t) VALUES (?, ?, ?, ?)`, [1n, null, null, null]);
    expect(await client.query(`SELECT id, i, x, t FROM ${table}`).all()).toEqual([
      { id: 1n, i: null, x: null, t: null },
    ]);
  });

export const byName: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    const params = { label: "a", id: 7n };
    await client.executeUpdate(`INSERT INTO ${table} (id, t) VALUES ($id, $label)`, params);
    expect(await client.query(`SELECT t FROM ${table} WHERE id = $id`, { id: 7n }).all()).toEqual([{ t: "a" }]);
  });

export const literals: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    const statement = `INSERT INTO ${table} (id, t) VALUES (?, '$x ? :y $1')`;
    await client.executeUpdate(statement, [1n]);
    expect(await client.query(`SELECT t FROM ${table} WHERE t = '$x ? :y $1' AND id = ?`, [1n]).all()).toEqual([
      { t: "$x ? :y $1" },
    ]);
  });

export const again: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    await client.executeUpdate(`INSERT INTO ${table} (id, t) VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    const statement = await client.prepare(`SELECT t FROM ${table} WHERE id >= ? ORDER BY id`);
    try {
      expect(await statement.query([3n]).all()).toEqual([{ t: "c" }]);
      expect(await statement.query([1n]).all()).toEqual([{ t: "a" }, { t: "b" }, { t: "c" }]);
      expect(await statement.query([4n]).all()).toEqual([]);
      expect((await statement.query([2n]).table()).schema.names).toEqual(["t"]);
    } finally {
      await statement.close();
    }
    await expectFailure(statement.query([1n]).all(), "failed_precondition");
  });

export const update: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    await client.executeUpdate(`INSERT INTO ${table} (id, t) VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    expect(await client.executeUpdate(`UPDATE ${table} SET t = ? WHERE id > ?`, ["z", 1n])).toBe(2n);
    expect(await client.query(`SELECT t FROM ${table} ORDER BY id`).all()).toEqual([
      { t: "a" },
      { t: "z" },
      { t: "z" },
    ]);
  });

export const many: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    const insert = await client.prepare(`INSERT INTO ${table} (id, t) VALUES (?, ?)`);
    const sets = Array.from({ length: 10 }, (_, i) => [BigInt(i), `row ${i}`]);
    expect(await insert.executeMany(sets)).toBe(10n);
    await insert.close();
    const rows = await client.query(`SELECT id, t FROM ${table} ORDER BY id`).all({ as: "array" });
    expect(rows).toEqual(sets);
  });

export const batch: Scenario = (client, dialect) =>
  withTable(client, dialect, async (table) => {
    const sets = tableFromArrays({ id: BigInt64Array.of(1n, 2n, 3n), x: Float64Array.of(0.5, 1.5, 2.5) });
    const insert = await client.prepare(`INSERT INTO ${table} (id, x) VALUES (?, ?)`);
    expect(await insert.executeUpdate(sets)).toBe(3n);
    await insert.close();
    expect(await client.query(`SELECT id, x FROM ${table} ORDER BY id`).all({ as: "array" })).toEqual([
      [1n, 0.5],
      [2n, 1.5],
      [3n, 2.5],
    ]);
  });

export const failing: Scenario = async (client, { missing }) => {
  const error = await expectFailure(client.prepare("SELECT * FROM no_such_table WHERE id = ?"));
  expect(error.message).toMatch(missing.text);
};
