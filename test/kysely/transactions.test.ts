import { expect, test } from "vitest";
import { expectFailure } from "../contract/expect.ts";
import { people } from "./database.ts";

const bob = { first_name: "Bob", last_name: "Dylan", age: 85 };

test("transactions: committed when the callback returns, rolled back when it throws", async () => {
  const db = await people();
  const count = async () =>
    Number(
      (
        await db
          .selectFrom("person")
          .select((eb) => eb.fn.countAll().as("n"))
          .executeTakeFirstOrThrow()
      ).n,
    );
  const id = await db.transaction().execute(async (trx) => {
    const { id } = await trx.insertInto("person").values(bob).returning("id").executeTakeFirstOrThrow();
    await trx.insertInto("pet").values({ name: "Blue", owner_id: id, species: "dog" }).execute();
    expect(await count()).toBe(4); // not seen outside yet
    return id;
  });
  expect(await db.selectFrom("pet").select("name").where("owner_id", "=", id).execute()).toEqual([{ name: "Blue" }]);
  expect(await count()).toBe(5);

  const reason = new Error("changed my mind");
  const failed = db.transaction().execute(async (trx) => {
    await trx.deleteFrom("person").execute();
    for await (const row of trx.selectFrom("person").selectAll().stream()) expect(row).toBe("none left");
    throw reason;
  });
  await expect(failed).rejects.toBe(reason);
  expect(await count()).toBe(5);
});

test("controlled transactions", async () => {
  const db = await people();
  const kept = await db.startTransaction().execute();
  await kept.updateTable("person").set({ age: 1 }).where("id", "=", 101).execute();
  await kept.commit().execute();
  const dropped = await db.startTransaction().execute();
  await dropped.updateTable("person").set({ age: 2 }).execute();
  await dropped.rollback().execute();
  expect(await db.selectFrom("person").select("age").orderBy("id").execute()).toEqual([
    { age: 1 },
    { age: 72 },
    { age: 74 },
    { age: 76 },
  ]);
});

test("a server without savepoints says so, and the transaction goes on", async () => {
  const db = await people();
  const trx = await db.startTransaction().execute();
  await trx.deleteFrom("pet").execute();
  await expectFailure(trx.savepoint("here").execute(), "unimplemented");
  await trx.rollback().execute();
  expect(await db.selectFrom("pet").select("id").execute()).toHaveLength(3);
});

test("isolation levels and access modes are refused, and nothing has begun", async () => {
  const db = await people();
  const level = db
    .transaction()
    .setIsolationLevel("serializable")
    .execute(async () => "ran");
  expect((await expectFailure(level, "unimplemented")).message).toMatch(/isolation level "serializable".*leave it out/);
  const mode = db.startTransaction().setAccessMode("read only").execute();
  expect((await expectFailure(mode, "unimplemented")).message).toMatch(/access mode "read only"/);
});

test("a query that fails takes its transaction with it", async () => {
  const db = await people();
  const failed = db.transaction().execute(async (trx) => {
    await trx.deleteFrom("pet").execute();
    await trx
      .insertInto("person")
      .values({ ...bob, id: 101 })
      .execute();
  });
  expect((await expectFailure(failed)).message).toMatch(/101/);
  expect(await db.selectFrom("pet").select("id").execute()).toHaveLength(3);
});
