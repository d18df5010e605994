import type { Kysely } from "kysely";
import { CompiledQuery } from "kysely";
import { expect, expectTypeOf, test } from "vitest";
import { type Database, people } from "./database.ts";

// The compiler checks these: `expectTypeOf` does nothing when it runs.

test("results have the types of the database's interface, and the values fit them", async () => {
  const db = await people();
  expectTypeOf(db).toEqualTypeOf<Kysely<Database>>();
  const rows = await db
    .selectFrom("person")
    .leftJoin("pet", "pet.owner_id", "person.id")
    .select(({ fn }) => ["person.id", "last_name", "species", fn.count<bigint>("pet.id").as("pets")])
    .groupBy(["person.id", "last_name", "species"])
    .orderBy("person.id")
    .execute();
  expectTypeOf(rows).toEqualTypeOf<
    { id: number; last_name: string | null; species: "cat" | "dog" | null; pets: bigint }[]
  >();
  expect(rows[0]).toEqual({ id: 101, last_name: "Aniston", species: "cat", pets: 1n });
  const inserted = await db
    .insertInto("pet")
    .values({ name: "Tom", owner_id: 104, species: "cat" })
    .returning(["name", "species"])
    .executeTakeFirstOrThrow();
  expectTypeOf(inserted).toEqualTypeOf<{ name: string; species: "cat" | "dog" }>();
  // @ts-expect-error there is no such column
  await expect(db.selectFrom("person").select("no_such_column").execute()).rejects.toThrow(/no_such_column/);
  // @ts-expect-error there is no such species
  db.insertInto("pet").values({ name: "Tweety", owner_id: 1, species: "bird" });
  const raw = await db.executeQuery(CompiledQuery.raw("select $1::int as n", [7]));
  expect(raw.rows).toEqual([{ n: 7 }]);
});
