import { escapeLikePattern, SqlInfo } from "flightsql";
import { expect } from "vitest";
import { freshName, type Scenario } from "../target.ts";

export const catalogs: Scenario = async (client) => {
  const table = await client.getCatalogs().table();
  expect(table.schema.names).toEqual(["catalog_name"]);
  expect((await client.getCatalogsSchema())?.names).toEqual(["catalog_name"]);
};

export const dbSchemas: Scenario = async (client) => {
  const names = ["catalog_name", "db_schema_name"];
  const all = await client.getDbSchemas().all<{ db_schema_name: string }>();
  expect((await client.getDbSchemas().schema()).names).toEqual(names);
  expect((await client.getDbSchemasSchema())?.names).toEqual(names);
  const none = await client.getDbSchemas({ dbSchemaFilterPattern: "no such schema" }).all();
  expect(none.length).toBeLessThanOrEqual(all.length);
};

export const tables: Scenario = async (client, { types }) => {
  const name = freshName();
  await client.executeUpdate(`CREATE TABLE ${name} (id ${types.bigint}, label ${types.text})`);
  try {
    const [table, ...others] = await client.getTables({ tableNameFilterPattern: name, includeSchema: true }).tables();
    expect(others).toEqual([]);
    expect(table?.name).toBe(name);
    expect(table?.schema?.names).toEqual(["id", "label"]);
    const ofItsKind = { tableNameFilterPattern: name, tableTypes: [table!.type] };
    expect((await client.getTables(ofItsKind).tables()).map((found) => [found.name, found.schema])).toEqual([
      [name, null],
    ]);
    expect(await client.getTables({ ...ofItsKind, tableTypes: ["no such type"] }).tables()).toEqual([]);
    expect((await client.getTables({ tableNameFilterPattern: "contract%" }).tables()).map((t) => t.name)).toContain(
      name,
    );
    expect((await client.getTablesSchema({ includeSchema: true }))?.names.at(-1)).toBe("table_schema");
  } finally {
    await client.executeUpdate(`DROP TABLE ${name}`);
  }
};

export const escaped: Scenario = async (client, { types }) => {
  const name = `${freshName()}_x`;
  const other = name.replace("_x", "yx");
  await client.executeUpdate(`CREATE TABLE ${name} (id ${types.bigint})`);
  await client.executeUpdate(`CREATE TABLE ${other} (id ${types.bigint})`);
  try {
    const pattern = async (tableNameFilterPattern: string) =>
      (await client.getTables({ tableNameFilterPattern }).tables()).map((table) => table.name).sort();
    expect(await pattern(name)).toEqual([name, other].sort());
    const info = await client.getSqlInfo([SqlInfo.SQL_SEARCH_STRING_ESCAPE]);
    const character = info.get(SqlInfo.SQL_SEARCH_STRING_ESCAPE) as string | undefined;
    expect(await pattern(escapeLikePattern(name, character))).toEqual([name]);
  } finally {
    await client.executeUpdate(`DROP TABLE ${name}`);
    await client.executeUpdate(`DROP TABLE ${other}`);
  }
};

export const tableTypes: Scenario = async (client) => {
  const types = await client.getTableTypes().all<{ table_type: string }>();
  expect(types.map((row) => row.table_type.toLowerCase())).toContainEqual(expect.stringContaining("table"));
};

export const primaryKeys: Scenario = async (client, { types }) => {
  const table = freshName();
  await client.executeUpdate(
    `CREATE TABLE ${table} (b ${types.bigint}, a ${types.bigint}, c ${types.text}, PRIMARY KEY (a, b))`,
  );
  try {
    const keys = await client
      .getPrimaryKeys({ table })
      .all<{ table_name: string; column_name: string; key_sequence: number }>();
    expect(
      keys.sort((x, y) => x.key_sequence - y.key_sequence).map((key) => [key.table_name, key.column_name]),
    ).toEqual([
      [table, "a"],
      [table, "b"],
    ]);
  } finally {
    await client.executeUpdate(`DROP TABLE ${table}`);
  }
};

interface ForeignKey {
  pk_table_name: string;
  pk_column_name: string;
  fk_table_name: string;
  fk_column_name: string;
}

export const foreignKeys: Scenario = async (client, { types }) => {
  const primary = freshName();
  const foreign = freshName();
  await client.executeUpdate(`CREATE TABLE ${primary} (id ${types.bigint} PRIMARY KEY)`);
  await client.executeUpdate(
    `CREATE TABLE ${foreign} (id ${types.bigint} PRIMARY KEY, parent ${types.bigint}, FOREIGN KEY (parent) REFERENCES ${primary} (id))`,
  );
  try {
    const expected = [[primary, "id", foreign, "parent"]];
    const both = [{ table: primary }, { table: foreign }] as const;
    for (const result of [
      client.getExportedKeys(both[0]),
      client.getImportedKeys(both[1]),
      client.getCrossReference(...both),
    ]) {
      const keys = await result.all<ForeignKey>();
      expect(keys.map((k) => [k.pk_table_name, k.pk_column_name, k.fk_table_name, k.fk_column_name])).toEqual(expected);
    }
    expect(await client.getImportedKeys(both[0]).all()).toEqual([]);
  } finally {
    await client.executeUpdate(`DROP TABLE ${foreign}`);
    await client.executeUpdate(`DROP TABLE ${primary}`);
  }
};

export const sqlInfo: Scenario = async (client) => {
  const { FLIGHT_SQL_SERVER_NAME: name, FLIGHT_SQL_SERVER_READ_ONLY: readOnly } = SqlInfo;
  const some = await client.getSqlInfo([name, readOnly]);
  expect([...some.keys()].sort()).toEqual([name, readOnly]);
  expect(some.get(name)).toBeTypeOf("string");
  expect(some.get(readOnly)).toBe(false);
  const all = await client.getSqlInfo();
  expect(all.size).toBeGreaterThan(2);
  expect(all.get(name)).toBe(some.get(name));
};

export const xdbcTypeInfo: Scenario = async (client) => {
  const all = await client.getXdbcTypeInfo().all<{ type_name: string; data_type: number }>();
  expect(all.length).toBeGreaterThan(3);
  const integer = 4; // XDBC_INTEGER
  const one = await client.getXdbcTypeInfo(integer).all<{ data_type: number }>();
  expect(one.length).toBeGreaterThan(0);
  expect(one.every((row) => row.data_type === integer)).toBe(true);
};
