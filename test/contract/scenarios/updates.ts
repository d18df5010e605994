import { expect } from "vitest";
import { expectFailure } from "../expect.ts";
import { freshName, type Scenario } from "../target.ts";

export const counts: Scenario = async (client, { types }) => {
  const table = freshName();
  await client.executeUpdate(`CREATE TABLE ${table} (id ${types.bigint}, label ${types.text})`);
  try {
    expect(await client.executeUpdate(`INSERT INTO ${table} VALUES (1, 'a'), (2, 'b'), (3, 'c')`)).toBe(3n);
    expect(await client.executeUpdate(`UPDATE ${table} SET label = 'z' WHERE id > 1`)).toBe(2n);
    expect(await client.executeUpdate(`DELETE FROM ${table} WHERE id = 3`)).toBe(1n);
    const rows = await client.query(`SELECT id, label FROM ${table} ORDER BY id`).all({ int64: "number" });
    expect(rows).toEqual([
      { id: 1, label: "a" },
      { id: 2, label: "z" },
    ]);
  } finally {
    await client.executeUpdate(`DROP TABLE ${table}`);
  }
};

export const failing: Scenario = async (client, { missing }) => {
  const error = await expectFailure(client.executeUpdate("DELETE FROM no_such_table"));
  expect(error.message).toMatch(missing.text);
  expect(error.code).toBe(missing.code);
};
