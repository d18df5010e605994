import { sql } from "kysely";
import { expect, test } from "vitest";
import { expectFailure } from "../contract/expect.ts";
import { people } from "./database.ts";

// The examples of Kysely's documentation, for queries that write.

const bob = { first_name: "Bob", last_name: "Dylan", age: 85 };

test("insert: one row, several, with returning, from a query, with expressions", async () => {
  const db = await people();
  const one = await db.insertInto("person").values(bob).executeTakeFirstOrThrow();
  expect(one).toEqual({ insertId: undefined, numInsertedOrUpdatedRows: 1n });
  const two = await db
    .insertInto("person")
    .values([bob, { ...bob, last_name: null }])
    .executeTakeFirstOrThrow();
  expect(two.numInsertedOrUpdatedRows).toBe(2n);
  const back = await db
    .insertInto("person")
    .values(bob)
    .returning(["id", "first_name as name"])
    .executeTakeFirstOrThrow();
  expect(back).toEqual({ id: 4, name: "Bob" });
  const copied = await db
    .insertInto("pet")
    .columns(["name", "owner_id", "species"])
    .expression((eb) =>
      eb
        .selectFrom("person")
        .select((s) => ["first_name", "id", s.val("cat").as("species")])
        .where("age", ">", 80),
    )
    .executeTakeFirstOrThrow();
  expect(copied.numInsertedOrUpdatedRows).toBe(4n);
  const made = await db
    .insertInto("person")
    .values(({ selectFrom, fn }) => ({
      id: 500,
      first_name: "Ann",
      last_name: sql<string>`concat('A', ${"sh"})`,
      age: selectFrom("person").select(fn.max<number>("age").as("oldest")),
    }))
    .returningAll()
    .execute();
  expect(made).toEqual([{ id: 500, first_name: "Ann", last_name: "Ash", age: 85 }]);
});

test("insert: on conflict", async () => {
  const db = await people();
  const row = { ...bob, id: 101 };
  const skipped = await db
    .insertInto("person")
    .values(row)
    .onConflict((oc) => oc.column("id").doNothing())
    .executeTakeFirstOrThrow();
  expect(skipped.numInsertedOrUpdatedRows).toBe(0n);
  const updated = await db
    .insertInto("person")
    .values(row)
    .onConflict((oc) => oc.column("id").doUpdateSet((eb) => ({ first_name: eb.ref("excluded.first_name"), age: 1 })))
    .returning(["first_name", "last_name", "age"])
    .execute();
  expect(updated).toEqual([{ first_name: "Bob", last_name: "Aniston", age: 1 }]);
  const failed = await expectFailure(db.insertInto("person").values(row).execute());
  expect(failed.message).toMatch(/101/);
});

test("update: with values, expressions, from another table, with returning", async () => {
  const db = await people();
  const one = await db
    .updateTable("person")
    .set({ last_name: null, age: 51 })
    .where("id", "=", 101)
    .executeTakeFirstOrThrow();
  expect(one).toEqual({ numUpdatedRows: 1n, numChangedRows: undefined });
  const older = await db
    .updateTable("person")
    .set((eb) => ({ age: eb("age", "+", 1) }))
    .where("age", ">", 70)
    .execute();
  expect(older.map((result) => result.numUpdatedRows)).toEqual([3n]);
  const named = await db
    .updateTable("person")
    .from("pet")
    .set((eb) => ({ first_name: eb.ref("pet.name") }))
    .whereRef("pet.owner_id", "=", "person.id")
    .where("pet.species", "=", "cat")
    .returning(["person.id", "person.first_name"])
    .execute();
  expect(named).toEqual([{ id: 101, first_name: "Catto" }]);
  const none = await db.updateTable("person").set("age", 1).where("id", "=", 0).executeTakeFirstOrThrow();
  expect(none.numUpdatedRows).toBe(0n);
});

test("delete: counted, with returning, using another table", async () => {
  const db = await people();
  const one = await db.deleteFrom("person").where("id", "=", 104).executeTakeFirstOrThrow();
  expect(one.numDeletedRows).toBe(1n);
  expect(await db.deleteFrom("pet").where("name", "=", "Rex").returning("id").execute()).toEqual([{ id: 203 }]);
  const owners = await db
    .deleteFrom("person")
    .using("pet")
    .whereRef("pet.owner_id", "=", "person.id")
    .executeTakeFirstOrThrow();
  expect(owners.numDeletedRows).toBe(2n);
});

test("merge", async () => {
  const db = await people();
  const merged = await db
    .mergeInto("person")
    .using("pet", "pet.owner_id", "person.id")
    .whenMatchedAnd("pet.species", "=", "cat")
    .thenUpdateSet({ age: 20 })
    .executeTakeFirstOrThrow();
  expect(merged.numChangedRows).toBe(1n);
  expect(await db.selectFrom("person").select("id").where("age", "=", 20).execute()).toEqual([{ id: 101 }]);
});

test("a value that cannot be sent is refused, and not shown", async () => {
  const db = await people();
  const update = db.updateTable("person").set({ age: sql<number>`${undefined}` });
  expect((await expectFailure(update.execute(), "invalid_argument")).message).toMatch(/parameter 1 is undefined/);
  const text = db.updateTable("person").set({ age: sql<number>`cast(${{ secret: new Set() }} as integer)` });
  expect((await expectFailure(text.execute(), "invalid_argument")).message).not.toMatch(/secret/);
  expect(await db.selectFrom("person").select("id").where("age", "=", 50).execute()).toEqual([{ id: 101 }]);
});
