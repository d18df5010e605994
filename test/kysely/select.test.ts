import { sql } from "kysely";
import { expect, test } from "vitest";
import { people, peopleIn } from "./database.ts";

// The examples of Kysely's documentation, for queries that read.

test("columns, aliases, expressions and distinct", async () => {
  const db = await people();
  expect(await db.selectFrom("person").select("id").where("first_name", "=", "Arnold").execute()).toEqual([
    { id: 102 },
  ]);
  expect(await db.selectFrom(["person", "pet"]).select(["person.id", "pet.name"]).execute()).toHaveLength(12);
  const aliased = await db
    .selectFrom("person as p")
    .select(["first_name as fn", "p.last_name as ln"])
    .where("p.id", "=", 101)
    .executeTakeFirstOrThrow();
  expect(aliased).toEqual({ fn: "Jennifer", ln: "Aniston" });
  const computed = await db
    .selectFrom("person")
    .select(({ eb, fn, or, selectFrom }) => [
      selectFrom("pet").whereRef("person.id", "=", "pet.owner_id").select("pet.name").limit(1).as("first_pet"),
      fn<string>("concat", ["first_name", eb.val(" "), "last_name"]).as("full_name"),
      or([eb("age", ">", 70), eb("first_name", "=", "Jennifer")]).as("listed"),
      sql<bigint>`age * ${2}`.as("twice"),
    ])
    .where("id", "=", 101)
    .executeTakeFirstOrThrow();
  expect(computed).toEqual({ first_pet: "Catto", full_name: "Jennifer Aniston", listed: true, twice: 100n });
  const names = await db.selectFrom("person").select("last_name").distinct().orderBy("last_name").execute();
  expect(names.map((row) => row.last_name)).toEqual(["Aniston", "Weber", null]);
  const on = await db
    .selectFrom("person")
    .distinctOn("last_name")
    .selectAll()
    .where("last_name", "is not", null)
    .orderBy("last_name")
    .orderBy("age", "desc")
    .execute();
  expect(on.map((row) => row.first_name)).toEqual(["Jennifer", "Sylvester"]);
});

test("where: lists, null, or, objects, references, limit and offset", async () => {
  const db = await people();
  const ids = async (rows: Promise<{ id: number }[]>) => (await rows).map((row) => row.id);
  const from = db.selectFrom("person").select("id").orderBy("id");
  expect(await ids(from.where("id", "in", [101, 103, 999]).execute())).toEqual([101, 103]);
  expect(await ids(from.where("last_name", "is", null).execute())).toEqual([104]);
  expect(await ids(from.where("first_name", "like", "%er").where("age", ">", 60).execute())).toEqual([103, 104]);
  expect(await ids(from.where((eb) => eb.or([eb("age", "<", 60), eb("age", "=", 76)])).execute())).toEqual([101, 104]);
  expect(
    await ids(from.where((eb) => eb.and({ last_name: "Weber", first_name: eb.ref("first_name") })).execute()),
  ).toEqual([102, 103]);
  expect(await ids(from.where((eb) => eb.between("age", 72, 74)).execute())).toEqual([102, 103]);
  expect(
    await ids(
      from
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom("pet").select("pet.id").whereRef("pet.owner_id", "=", "person.id"))),
        )
        .execute(),
    ),
  ).toEqual([103, 104]);
  expect(await ids(from.limit(2).offset(1).execute())).toEqual([102, 103]);
  expect(await from.where("id", "=", 0).executeTakeFirst()).toBeUndefined();
  expect(await from.where("first_name", "=", "'; DROP TABLE person; --").execute()).toEqual([]);
});

test("joins", async () => {
  const db = await people();
  const inner = await db
    .selectFrom("person")
    .innerJoin("pet", "pet.owner_id", "person.id")
    .select(["person.id", "pet.name as pet"])
    .orderBy("pet.id")
    .execute();
  expect(inner).toEqual([
    { id: 101, pet: "Catto" },
    { id: 102, pet: "Doggo" },
    { id: 102, pet: "Rex" },
  ]);
  const left = await db
    .selectFrom("person as p")
    .leftJoin("pet", (join) => join.onRef("pet.owner_id", "=", "p.id").on("pet.species", "=", "cat"))
    .select(["p.first_name", "pet.name"])
    .orderBy("p.id")
    .execute();
  expect(left.map((row) => row.name)).toEqual(["Catto", null, null, null]);
  const derived = await db
    .selectFrom("person")
    .innerJoin(
      (eb) => eb.selectFrom("pet").select(["owner_id as owner", "name"]).where("name", "=", "Rex").as("rex"),
      (join) => join.onRef("rex.owner", "=", "person.id"),
    )
    .selectAll("rex")
    .select("age")
    .execute();
  expect(derived).toEqual([{ owner: 102, name: "Rex", age: 72 }]);
});

test("aggregates, groups, windows, unions and case", async () => {
  const db = await people();
  const counted = await db
    .selectFrom("person")
    .select(({ fn }) => [
      "last_name",
      fn.countAll<bigint>().as("n"),
      fn.max("age").as("oldest"),
      fn.avg<number>("age").as("mean"),
    ])
    .groupBy("last_name")
    .having((eb) => eb.fn.countAll(), ">", 1)
    .execute();
  expect(counted).toEqual([{ last_name: "Weber", n: 2n, oldest: 74, mean: 73 }]);
  const numbered = await db
    .selectFrom("person")
    .select((eb) => [
      "id",
      eb.fn
        .agg<bigint>("row_number")
        .over((o) => o.orderBy("age", "desc"))
        .as("place"),
    ])
    .orderBy("place")
    .limit(1)
    .execute();
  expect(numbered).toEqual([{ id: 104, place: 1n }]);
  const both = await db
    .selectFrom("person")
    .select("first_name as name")
    .where("age", ">", 74)
    .unionAll(db.selectFrom("pet").select("name").where("species", "=", "cat"))
    .orderBy("name")
    .execute();
  expect(both.map((row) => row.name)).toEqual(["Catto", "Cher"]);
  const cased = await db
    .selectFrom("person")
    .select((eb) => eb.case().when("age", ">", 75).then("old").else("not so old").end().as("label"))
    .orderBy("id")
    .execute();
  expect(cased.map((row) => row.label)).toEqual(["not so old", "not so old", "not so old", "old"]);
});

test("common table expressions, recursive too", async () => {
  const db = await people();
  const rows = await db
    .with("webers", (cte) => cte.selectFrom("person").selectAll().where("last_name", "=", "Weber"))
    .with("owners", (cte) => cte.selectFrom("webers").innerJoin("pet", "pet.owner_id", "webers.id").select("pet.name"))
    .selectFrom("owners")
    .selectAll()
    .orderBy("name")
    .execute();
  expect(rows).toEqual([{ name: "Doggo" }, { name: "Rex" }]);
  const counted = await db
    .withRecursive("series(n)", (cte) =>
      cte
        .selectNoFrom(sql<number>`1`.as("n"))
        .unionAll(cte.selectFrom("series").select(sql<number>`n + 1`.as("n")).where("n", "<", 4)),
    )
    .selectFrom("series")
    .select((eb) => eb.fn.countAll<bigint>().as("n"))
    .executeTakeFirstOrThrow();
  expect(counted.n).toBe(4n);
});

test("raw SQL: with parameters, references and tables, whatever it turns out to be", async () => {
  const { db, schema } = await peopleIn();
  const table = sql.id(schema, "pet");
  const byName = await sql<{ id: number }>`select id from ${table} where ${sql.ref("name")} = ${"Rex"}`.execute(db);
  expect(byName).toEqual({ rows: [{ id: 203 }] });
  // Of these the text does not tell; the server is asked.
  const first = await sql<{ name: string }>`from ${table} select name where id = ${201}`.execute(db);
  expect(first.rows).toEqual([{ name: "Catto" }]);
  const renamed = await sql`/* a comment */ update ${table} set name = ${"Max"} where species = ${"dog"}`.execute(db);
  expect(renamed).toEqual({ rows: [], numAffectedRows: 2n });
  const back =
    await sql`with d as (select 202 as id) delete from ${table} p using d where p.id = d.id returning p.name`.execute(
      db,
    );
  expect(back.rows).toEqual([{ name: "Max" }]);
  const left = await sql<{ n: bigint }>`-- how many
    select count(*) as n from ${table}`.execute(db);
  expect(left.rows).toEqual([{ n: 2n }]);
});

test("explain", async () => {
  const db = await people();
  const plan = await db.selectFrom("person").selectAll().where("id", "=", 101).explain();
  expect(JSON.stringify(plan)).toMatch(/person/);
});

test("values: as the options say", async () => {
  const columns = sql<{ i: unknown; d: unknown; t: unknown }>`select 9007199254740993::bigint as i,
    12.340::decimal(9, 3) as d, '2026-01-02 03:04:05.000006'::timestamp as t`;
  const { rows: exact } = await columns.execute(await people());
  expect(exact).toEqual([{ i: 9007199254740993n, d: "12.340", t: new Date("2026-01-02T03:04:05.000Z") }]);
  const values = { int64: "string", decimal: "number", timestamp: "string" } as const;
  const { rows: other } = await columns.execute(await people({ values }));
  expect(other).toEqual([{ i: "9007199254740993", d: 12.34, t: "2026-01-02T03:04:05.000006" }]);
});
