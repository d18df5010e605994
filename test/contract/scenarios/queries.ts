import { tableFromIPC } from "apache-arrow";
import type { Progress } from "flightsql";
import { expect } from "vitest";
import { expectFailure } from "../expect.ts";
import type { Scenario } from "../target.ts";

const rows = 5000;
const expected = Array.from({ length: rows }, (_, i) => i);

export const waysOut: Scenario = async (client, dialect) => {
  const query = () => client.query(dialect.series(rows));
  const table = await query().table();
  expect(Array.from(table.getChild("n")!, Number)).toEqual(expected);

  expect((await query().all<{ n: number }>({ int64: "number" })).map((row) => row.n)).toEqual(expected);

  const one: number[] = [];
  for await (const [n] of query().rows<[number]>({ int64: "number", as: "array" })) one.push(n);
  expect(one).toEqual(expected);

  const slices: number[] = [];
  for await (const some of query().rowBatches<{ n: number }>({ int64: "number" }))
    slices.push(...some.map(({ n }) => n));
  expect(slices).toEqual(expected);

  const batches: number[] = [];
  for await (const batch of query()) batches.push(...Array.from(batch.getChild("n")!, Number));
  expect(batches).toEqual(expected);

  const ipc = tableFromIPC(new Uint8Array(await new Response(query().ipc()).arrayBuffer()));
  expect(Array.from(ipc.getChild("n")!, Number)).toEqual(expected);
};

export const twoSteps: Scenario = async (client, dialect) => {
  const info = await client.execute(dialect.series(10));
  const read: number[] = [];
  for (const { ticket } of info.endpoints) {
    const reader = client.doGet(ticket);
    expect((await reader.schema()).names).toEqual(["n"]);
    read.push(...(await reader.readRows<{ n: number }>({ int64: "number" })).map(({ n }) => n));
  }
  expect(read).toEqual(expected.slice(0, 10));
};

export const schemaOf: Scenario = async (client, dialect) => {
  const schema = await client.getSchema(dialect.series(10));
  expect(schema?.names).toEqual(["n"]);
};

export const empty: Scenario = async (client, dialect) => {
  const query = () => client.query(dialect.series(0));
  const table = await query().table();
  expect(table.numRows).toBe(0);
  expect(table.schema.names).toEqual(["n"]);
  expect((await query().schema()).names).toEqual(["n"]);
  expect(await query().all()).toEqual([]);
  expect(tableFromIPC(new Uint8Array(await new Response(query().ipc()).arrayBuffer())).schema.names).toEqual(["n"]);
};

export const atOnce: Scenario = async (client, dialect) => {
  const lengths = [10, 200, 3000, 40, 500, 6000, 70, 800];
  const tables = await Promise.all(lengths.map((length) => client.query(dialect.series(length)).table()));
  expect(tables.map((table) => table.numRows)).toEqual(lengths);
};

export const failing: Scenario = async (client, { missing }) => {
  const error = await expectFailure(client.query("SELECT * FROM no_such_table").table());
  expect(error.message).toMatch(missing.text);
  expect(error.code).toBe(missing.code);
};

export const afterFailure: Scenario = async (client, dialect) => {
  await expectFailure(client.query("SELEC nonsense").table());
  expect((await client.query(dialect.series(3)).table()).numRows).toBe(3);
};

export const progress: Scenario = async (client, dialect) => {
  const seen: Progress[] = [];
  await client.query(dialect.series(rows), undefined, { onProgress: (p) => seen.push(p) }).table();
  const last = seen.at(-1)!;
  expect(last).toMatchObject({ rows, endpointsDone: last.endpoints });
  expect(last.bytes).toBeGreaterThan(rows);
};

export const polling: Scenario = async (client, dialect) => {
  const result = await client.query(dialect.series(rows), undefined, { poll: true }).table();
  expect(Array.from(result.getChild("n")!, Number)).toEqual(expected);
};
