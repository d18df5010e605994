import { Field, Int64, Schema, Utf8 } from "apache-arrow";
import type { FlightSqlClient, TableInfo } from "flightsql";
import { expect, it, vi } from "vitest";
import { Catalog } from "../../playground/tables/catalog.ts";

const table = (name: string, schema: Schema | null = null): TableInfo => ({
  catalog: null,
  dbSchema: "main",
  name,
  type: "TABLE",
  schema,
});
const typed = new Map([["ARROW:FLIGHT:SQL:TYPE_NAME", "BIGINT"]]);
const schema = new Schema([new Field("id", new Int64(), false, typed), new Field("name", new Utf8(), true)]);

/** A client whose server answers GetTables with these. */
function clientOf(answer: (filter: object) => TableInfo[]) {
  const getTables = vi.fn((filter: object) => ({ tables: async () => answer(filter) }));
  // Only what a catalog uses of a client.
  return { getTables } as unknown as Pick<FlightSqlClient, "getTables"> & { getTables: typeof getTables };
}

const tables = [table("a_b"), table("axb")];

it("asks for the columns of a table once, and takes those of no other", async () => {
  const client = clientOf(() => [table("axb"), table("a_b", schema)]);
  const catalog = new Catalog(client, tables);
  expect(catalog.known(tables[0]!)).toBeUndefined();
  const columns = await catalog.columns(tables[0]!);
  expect(columns).toEqual([
    { name: "id", type: "BIGINT", nullable: false },
    { name: "name", type: "utf8", nullable: true },
  ]);
  expect(await catalog.columns(tables[0]!)).toBe(columns);
  expect(catalog.known(tables[0]!)).toBe(columns);
  expect(client.getTables).toHaveBeenCalledExactlyOnceWith(
    { includeSchema: true, dbSchemaFilterPattern: "main", tableNameFilterPattern: "a_b" },
    expect.anything(),
  );
});

it("asks anew for what failed", async () => {
  let fails = true;
  const client = clientOf(() => {
    if (fails) throw new Error("away");
    return [table("axb", schema)];
  });
  const catalog = new Catalog(client, tables);
  await expect(catalog.columns(tables[1]!)).rejects.toThrow("away");
  await expect(catalog.loadAll()).rejects.toThrow("away");
  fails = false;
  expect(await catalog.columns(tables[1]!)).toHaveLength(2);
  await catalog.loadAll();
  expect(catalog.known(tables[1]!)).toHaveLength(2);
});

it("has the columns of all come in one call, and none where the server tells none", async () => {
  const client = clientOf(() => [table("a_b", schema)]);
  const catalog = new Catalog(client, tables);
  await Promise.all([catalog.loadAll(), catalog.loadAll()]);
  expect(await catalog.columns(tables[0]!)).toHaveLength(2);
  expect(await catalog.columns(tables[1]!)).toEqual([]);
  expect(client.getTables).toHaveBeenCalledOnce();
});
