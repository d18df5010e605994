import { type ClientOptions, FlightSqlClient } from "flightsql";
import { type Generated, Kysely, SqliteQueryCompiler, sql } from "kysely";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { FlightSqlDialect, type FlightSqlDialectConfig } from "../../src/kysely/index.ts";
import { expectFailure } from "../contract/expect.ts";
import type { Service } from "./service.ts";
import { startService } from "./start-service.ts";

// Kysely against a server that is not ours, with the compiler of its database: arrow-go's example over SQLite.

interface Database {
  intTable: { id: Generated<bigint>; keyName: string | null; value: bigint | null; foreignId: bigint | null };
  foreignTable: { id: Generated<bigint>; foreignName: string; value: bigint | null };
}

let service: Service;
beforeAll(async () => {
  service = await startService({ server: "sqlite" });
});
afterAll(() => service?.stop());

async function connect(
  options: ClientOptions = {},
  config: Partial<FlightSqlDialectConfig> = { queryCompiler: new SqliteQueryCompiler() },
): Promise<Kysely<Database>> {
  const client = new FlightSqlClient({ url: service.url, timeoutMs: 25_000, ...options });
  onTestFinished(() => client.close());
  return new Kysely<Database>({ dialect: await FlightSqlDialect.create({ client, ...config }) });
}

test("queries, joins and streams", async () => {
  const db = await connect();
  const rows = await db
    .selectFrom("intTable as i")
    .leftJoin("foreignTable as f", "f.id", "i.foreignId")
    .select(["i.keyName", "f.foreignName"])
    .where("i.value", "is not", null)
    .where("i.id", "<=", 3n)
    .orderBy("i.id")
    .execute();
  expect(rows).toEqual([
    { keyName: "one", foreignName: "keyOne" },
    { keyName: "zero", foreignName: "keyOne" },
    { keyName: "negative one", foreignName: "keyOne" },
  ]);
  const names: (string | null)[] = [];
  for await (const row of db.selectFrom("intTable").selectAll().where("id", "<", 5n).orderBy("id").stream(2)) {
    names.push(row.keyName);
  }
  expect(names).toEqual(["one", "zero", "negative one", null]);
});

for (const [name, config] of Object.entries({
  "the SQLite compiler": { queryCompiler: new SqliteQueryCompiler() },
  "the default compiler": {},
})) {
  test(`writes and transactions with ${name}`, async () => {
    const db = await connect({}, config);
    const row = { keyName: name, value: 7n, foreignId: 1n };
    const inserted = await db
      .insertInto("intTable")
      .values([row, { ...row, value: null }])
      .executeTakeFirstOrThrow();
    expect(inserted.numInsertedOrUpdatedRows).toBe(2n);
    const ours = db.selectFrom("intTable").select("value").where("keyName", "=", name).orderBy("id");
    const reason = new Error("not so");
    const failed = db.transaction().execute(async (trx) => {
      await trx.deleteFrom("intTable").where("keyName", "=", name).execute();
      throw reason;
    });
    await expect(failed).rejects.toBe(reason);
    expect(await ours.execute()).toEqual([{ value: 7n }, { value: null }]);
    await db
      .transaction()
      .execute((trx) =>
        trx.updateTable("intTable").set({ value: 8n }).where("keyName", "=", name).where("value", "is", null).execute(),
      );
    expect(await ours.execute()).toEqual([{ value: 7n }, { value: 8n }]);
    const gone = await db.deleteFrom("intTable").where("keyName", "=", name).executeTakeFirstOrThrow();
    expect(gone.numDeletedRows).toBe(2n);
  });
}

test("returning, raw SQL, and tables made and dropped", async () => {
  const db = await connect();
  await db.schema
    .createTable("toy")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("name", "text")
    .execute();
  const toys = db.withTables<{ toy: { id: Generated<bigint>; name: string } }>();
  expect(await toys.insertInto("toy").values({ name: "Ball" }).returning("name").execute()).toEqual([{ name: "Ball" }]);
  const raw = await sql<{ name: string }>`with t as (select * from toy) select name from t where id = ${1}`.execute(db);
  expect(raw.rows).toEqual([{ name: "Ball" }]);
  const deleted = await sql`delete from toy`.execute(db);
  expect(deleted.numAffectedRows).toBe(1n);
  await db.schema.dropTable("toy").execute();
  await expectFailure(toys.selectFrom("toy").selectAll().execute());
});

test("introspection by the metadata commands: it has no information_schema", async () => {
  const db = await connect({ features: { "metadata-reflection": "true" } });
  const tables = await db.introspection.getTables();
  const [table] = tables.filter(({ name }) => name === "intTable");
  expect(table?.isView).toBe(false);
  expect(table?.columns.map(({ name }) => name)).toEqual(["id", "keyName", "value", "foreignId"]);
  // It names no SQL types, so Arrow's are told.
  expect(table?.columns.map(({ dataType }) => dataType)).toEqual(["Int64", "Utf8", "Int64", "Int64"]);
  const without = await connect();
  await expectFailure(without.introspection.getTables());
});

test("keys", async () => {
  const client = new FlightSqlClient({ url: service.url, timeoutMs: 25_000 });
  onTestFinished(() => client.close());
  const keys = await new FlightSqlDialect({ client }).createIntrospector(await connect()).getKeys({ name: "intTable" });
  expect(keys.primaryKey).toEqual(["id"]);
  expect(keys.foreignKeys).toMatchObject([
    { columns: ["foreignId"], references: { table: "foreignTable", columns: ["id"] } },
  ]);
});
