import { type Kysely, type Migration, Migrator, sql } from "kysely";
import { expect, test } from "vitest";
import { FlightSqlAdapter, FlightSqlDialect } from "../../src/kysely/index.ts";
import { expectFailure } from "../contract/expect.ts";
import { emptySchema, peopleIn } from "./database.ts";

// The examples of Kysely's documentation for its schema builder, migrations, and introspection.

test("tables and views are made, changed and dropped", async () => {
  const { db, schema } = await emptySchema();
  await db.schema
    .createTable("toy")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "varchar(50)", (column) => column.notNull().unique())
    .addColumn("price", sql`decimal(9, 2)`, (column) => column.defaultTo(1.5).check(sql`price > 0`))
    .addColumn("made_at", "timestamp", (column) => column.defaultTo(sql`current_timestamp`))
    .execute();
  await db.schema.createTable("toy").ifNotExists().addColumn("id", "integer").execute();
  await db.schema.createIndex("toy_by_price").on("toy").column("price").execute();
  const toys = async () =>
    (await sql<object>`select * exclude (made_at) from ${sql.id(schema, "toy")}`.execute(db)).rows;
  await sql`insert into ${sql.id(schema, "toy")} (id, name) values (${1}, ${"Ball"})`.execute(db);
  expect(await toys()).toEqual([{ id: 1, name: "Ball", price: "1.50" }]);

  await db.schema.dropIndex("toy_by_price").execute();
  await db.schema
    .alterTable("toy")
    .addColumn("color", "text", (column) => column.defaultTo("red"))
    .execute();
  await db.schema.alterTable("toy").renameColumn("color", "colour").execute();
  await db.schema
    .alterTable("toy")
    .alterColumn("colour", (column) => column.setDefault("blue"))
    .execute();
  await db.schema.alterTable("toy").dropColumn("price").execute();
  expect(await toys()).toEqual([{ id: 1, name: "Ball", colour: "red" }]);

  await db.schema
    .createView("red_toy")
    .as(
      db
        .withTables<{ toy: { name: string; colour: string } }>()
        .selectFrom("toy")
        .select("name")
        .where("colour", "=", sql.lit("red")),
    )
    .execute();
  expect((await sql<object>`from ${sql.id(schema, "red_toy")}`.execute(db)).rows).toEqual([{ name: "Ball" }]);
  await db.schema.dropView("red_toy").execute();
  await db.schema
    .createTable("copy")
    .as(sql`from ${sql.id(schema, "toy")}`)
    .execute();
  await db.schema.dropTable("toy").execute();
  await db.schema.dropTable("toy").ifExists().execute();
  expect((await expectFailure(db.schema.dropTable("toy").execute())).message).toMatch(/toy/);
});

for (const [way, features] of Object.entries({
  information_schema: {},
  "the metadata commands": { "metadata-reflection": "true" },
})) {
  test(`introspection by ${way}`, async () => {
    const { client, db, schema } = await peopleIn({}, features);
    await client.executeUpdate(`CREATE VIEW ${schema}.cats AS SELECT name FROM ${schema}.pet WHERE species = 'cat'`);
    const ofOurs = (await db.introspection.getTables()).filter((table) => table.schema === schema);
    const byName = new Map(ofOurs.map((table) => [table.name, table]));
    expect([...byName.keys()].sort()).toEqual(["cats", "person", "pet"]);
    expect(byName.get("cats")?.isView).toBe(true);
    expect(byName.get("person")?.isView).toBe(false);
    const column = { isAutoIncrementing: false, hasDefaultValue: false, isNullable: false };
    const isKnown = way === "information_schema";
    expect(byName.get("person")?.columns).toEqual([
      { ...column, name: "id", dataType: "INTEGER", isAutoIncrementing: isKnown, hasDefaultValue: isKnown },
      { ...column, name: "first_name", dataType: "VARCHAR" },
      { ...column, name: "last_name", dataType: "VARCHAR", isNullable: true },
      { ...column, name: "age", dataType: "INTEGER" },
    ]);
    const schemas = (await db.introspection.getSchemas()).map(({ name }) => name);
    expect(schemas).toContain(schema);
    expect(new Set(schemas).size).toBe(schemas.length);
  });

  test(`introspection by ${way} of one catalog`, async () => {
    const { db } = await peopleIn({ catalog: "no such catalog" }, features);
    expect(await db.introspection.getTables()).toEqual([]);
    expect(await db.introspection.getSchemas()).toEqual([]);
  });
}

test("comments, and types that are no plain names", async () => {
  const { client, db, schema } = await emptySchema();
  await client.executeUpdate(`CREATE TABLE ${schema}.toy (price DECIMAL(9, 2), tags VARCHAR[] DEFAULT ['x'])`);
  await client.executeUpdate(`COMMENT ON COLUMN ${schema}.toy.price IS 'in euros'`);
  const [toy] = (await db.introspection.getTables()).filter((table) => table.schema === schema);
  const column = { isAutoIncrementing: false, isNullable: true };
  expect(toy?.columns).toEqual([
    { ...column, name: "price", dataType: "DECIMAL(9,2)", hasDefaultValue: false, comment: "in euros" },
    { ...column, name: "tags", dataType: "VARCHAR[]", hasDefaultValue: true },
  ]);
});

test("keys", async () => {
  const { client, schema, db } = await emptySchema();
  for (const columns of [
    "maker (country VARCHAR, name VARCHAR, PRIMARY KEY (country, name))",
    "shop (id INTEGER PRIMARY KEY)",
    `toy (id INTEGER PRIMARY KEY, country VARCHAR, maker VARCHAR, shop INTEGER REFERENCES ${schema}.shop (id),
       FOREIGN KEY (country, maker) REFERENCES ${schema}.maker (country, name))`,
    "nothing (id INTEGER)",
  ]) {
    await client.executeUpdate(`CREATE TABLE ${schema}.${columns}`);
  }
  const introspector = new FlightSqlDialect({ client }).createIntrospector(db);
  const toy = await introspector.getKeys({ schema, name: "toy" });
  expect(toy.primaryKey).toEqual(["id"]);
  expect([...toy.foreignKeys].sort((a, b) => a.columns.length - b.columns.length)).toEqual([
    { columns: ["shop"], references: { schema, table: "shop", columns: ["id"] } },
    { columns: ["country", "maker"], references: { schema, table: "maker", columns: ["country", "name"] } },
  ]);
  expect(await introspector.getKeys({ schema, name: "maker" })).toEqual({
    primaryKey: ["country", "name"],
    foreignKeys: [],
  });
  expect(await introspector.getKeys({ schema, name: "nothing" })).toEqual({ primaryKey: [], foreignKeys: [] });
});

const migrations: Record<string, Migration> = {
  "1 toys": {
    up: (db: Kysely<unknown>) => db.schema.createTable("toy").addColumn("id", "integer").execute(),
    down: (db: Kysely<unknown>) => db.schema.dropTable("toy").execute(),
  },
  "2 fails": {
    up: async (db: Kysely<unknown>) => {
      await db.schema.createTable("half").addColumn("id", "integer").execute();
      throw new Error("no further");
    },
  },
};

for (const [how, adapter] of Object.entries({
  "in a transaction, which the server was found to undo whole": undefined,
  "without one": new FlightSqlAdapter(),
})) {
  test(`migrations ${how}`, async () => {
    const { db, schema } = await emptySchema(adapter && { adapter });
    const upTo = (last: number) =>
      new Migrator({
        db,
        migrationTableSchema: schema,
        provider: { getMigrations: async () => Object.fromEntries(Object.entries(migrations).slice(0, last)) },
      });
    const names = async () => {
      const all = await db.introspection.getTables({ withInternalKyselyTables: true });
      return all.flatMap((table) => (table.schema === schema ? [table.name] : [])).sort();
    };
    const first = await upTo(1).migrateToLatest();
    expect(first.error).toBeUndefined();
    const ofKysely = ["kysely_migration", "kysely_migration_lock"];
    expect(await names()).toEqual([...ofKysely, "toy"]);
    const second = await upTo(2).migrateToLatest();
    expect(second.error).toEqual(new Error("no further"));
    expect(await names()).toEqual(adapter ? ["half", ...ofKysely, "toy"] : [...ofKysely, "toy"]);
    const back = await upTo(1).migrateDown();
    expect(back.results?.map(({ status }) => status)).toEqual(["Success"]);
    expect(await names()).toEqual(adapter ? ["half", ...ofKysely] : ofKysely);
    expect((await db.introspection.getTables()).filter((table) => table.schema === schema)).toHaveLength(
      adapter ? 1 : 0,
    );
  });
}

test("of two migrations at once, one leaves its marks", async () => {
  const { client, db, schema } = await emptySchema();
  await client.executeUpdate(`CREATE TABLE ${schema}.mark (n INTEGER)`);
  const up = async (trx: Kysely<unknown>): Promise<void> => {
    await sql`insert into ${sql.id(schema, "mark")} values (1)`.execute(trx);
    await new Promise((resolve) => setTimeout(resolve, 300));
  };
  const migrate = (all: Record<string, Migration>) =>
    new Migrator({ db, migrationTableSchema: schema, provider: { getMigrations: async () => all } }).migrateToLatest();
  expect((await migrate({})).error).toBeUndefined();
  await Promise.all([migrate({ only: { up } }), migrate({ only: { up } })]);
  expect(await client.query(`SELECT n FROM ${schema}.mark`).all()).toEqual([{ n: 1 }]);
});
