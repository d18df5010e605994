import { Code, ConnectError } from "@connectrpc/connect";
import { FlightSqlClient } from "flightsql";
import { Kysely, MysqlQueryCompiler, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import {
  FlightSqlAdapter,
  FlightSqlDialect,
  type FlightSqlDialectConfig,
  FlightSqlQueryCompiler,
} from "../../src/kysely/index.ts";
import { expectFailure } from "../contract/expect.ts";
import { connect, scripted, threeRows } from "../contract/scripted.ts";
import { type Database, peopleIn, url } from "./database.ts";

const client = (): FlightSqlClient => {
  const made = new FlightSqlClient({ url, timeoutMs: 20_000 });
  onTestFinished(() => made.close());
  return made;
};

function compiled(config: Partial<FlightSqlDialectConfig>): string {
  const db = new Kysely<Database>({ dialect: new FlightSqlDialect({ client: client(), ...config }) });
  const query = db
    .selectFrom("person")
    .select('first"`name' as "first_name")
    .where("id", "=", 1)
    .where("age", ">", 2);
  return query.compile().sql;
}

test("the SQL: PostgreSQL's, with another quote and other placeholders, or another compiler's", () => {
  expect(compiled({})).toBe('select "first""`name" from "person" where "id" = $1 and "age" > $2');
  expect(compiled({ quote: "`", placeholder: "?" })).toBe(
    'select `first"``name` from `person` where `id` = ? and `age` > ?',
  );
  expect(compiled({ queryCompiler: new MysqlQueryCompiler() })).toBe(
    'select `first"``name` from `person` where `id` = ? and `age` > ?',
  );
});

test("create asks the server, once; what is given wins", async () => {
  const asked = await FlightSqlDialect.create({ client: client() });
  expect(asked.createAdapter().supportsTransactionalDdl).toBe(true);
  expect(asked.createQueryCompiler()).toBeInstanceOf(FlightSqlQueryCompiler);
  const adapter = new FlightSqlAdapter();
  const given = await FlightSqlDialect.create({ client: client(), adapter, quote: "`" });
  expect(given.createAdapter()).toBe(adapter);
  const db = new Kysely<Database>({ dialect: given });
  expect(db.selectFrom("pet").select("id").compile().sql).toBe("select `id` from `pet`");
});

test("create takes a server without SqlInfo for one that says nothing, and no answer for an error", async () => {
  const without = scripted({});
  const dialect = await FlightSqlDialect.create({
    client: connect({ url: "http://scripted.example", transport: without.transport }),
  });
  expect(without.count("GetFlightInfo")).toBeGreaterThan(0);
  expect(dialect.createAdapter().supportsTransactionalDdl).toBe(false);
  expect(new Kysely<Database>({ dialect }).selectFrom("pet").select("id").compile().sql).toBe('select "id" from "pet"');
  const locked = scripted(threeRows, () => {
    throw new ConnectError("who are you?", Code.PermissionDenied);
  });
  const refused = connect({ url: "http://scripted.example", transport: locked.transport });
  await expectFailure(FlightSqlDialect.create({ client: refused }), "permission_denied");
});

test("both kinds of placeholders are taken", async () => {
  for (const placeholder of ["$1", "?"] as const) {
    const { db } = await peopleIn({ placeholder });
    const rows = db.selectFrom("person").select("id").where("age", ">", 60).where("last_name", "=", "Weber");
    expect(await rows.orderBy("id").execute()).toEqual([{ id: 102 }, { id: 103 }]);
  }
});

test("each statement is sent once, as what it is", async () => {
  const calls: string[] = [];
  const watched = new FlightSqlClient({
    url,
    timeoutMs: 20_000,
    interceptors: [
      (next) => (request) => {
        calls.push(request.method.name);
        return next(request);
      },
    ],
  });
  const { db, schema } = await peopleIn({ client: watched });
  onTestFinished(() => watched.close());
  const sent = async (run: () => Promise<unknown>): Promise<string> => {
    calls.length = 0;
    await run();
    return calls.join(" ");
  };
  const read = "GetFlightInfo DoGet";
  const bound = (use: string) => `DoAction ${use} DoAction`;
  const pet = { name: "Tom", owner_id: 101, species: "cat" } as const;
  const person = db.selectFrom("person").select("id");
  expect(await sent(() => person.execute())).toBe(read);
  expect(await sent(() => person.where("id", "=", 101).execute())).toBe(bound(`DoPut ${read}`));
  expect(await sent(() => db.deleteFrom("pet").execute())).toBe("DoPut");
  expect(await sent(() => db.insertInto("pet").values(pet).execute())).toBe(bound("DoPut"));
  expect(await sent(() => db.insertInto("pet").values(pet).returning("id").execute())).toBe(bound(`DoPut ${read}`));
  expect(await sent(() => db.schema.createTable("toy").addColumn("id", "integer").execute())).toBe("DoPut");
  const raw = (text: string) => sent(() => sql.raw(text.replaceAll("pet", `${schema}.pet`)).execute(db));
  expect(await raw("  (select 1)")).toBe(read);
  expect(await raw("-- all of them\nDELETE FROM pet")).toBe("DoPut");
  expect(await raw("from pet")).toBe(bound(read));
  expect(await raw("with x as (select 1) delete from pet")).toBe(bound("DoPut"));
  expect(await raw("delete from pet returning *")).toBe(bound(read));
});

test("destroy closes the client", async () => {
  const { db, client: other } = await peopleIn();
  await db.selectFrom("pet").select("id").execute();
  const own = new FlightSqlClient({ url, timeoutMs: 20_000 });
  const second = new Kysely<Database>({ dialect: new FlightSqlDialect({ client: own }) });
  await sql`select 1`.execute(second);
  await second.destroy();
  await expectFailure(own.query("SELECT 1").all());
  expect(await other.query("SELECT 1 AS one").all()).toEqual([{ one: 1 }]);
});

test("what Kysely 0.29 asks of a connection: a signal alone ends no query, cancelQuery those it was given to", async () => {
  const driver = new FlightSqlDialect({ client: client() }).createDriver();
  const connection = await driver.acquireConnection();
  const db = new Kysely<object>({ dialect: new FlightSqlDialect({ client: client() }) });
  const long = sql`select sum(hash(a.range + b.range)) from range(3000000) a, range(3000000) b`.compile(db);
  const [stop, other] = [new AbortController(), new AbortController()];
  const running = expectFailure(connection.executeQuery(long, { signal: stop.signal }), "canceled");
  const kept = connection.executeQuery(sql`select 1 as one`.compile(db), { signal: other.signal });
  await connection.cancelQuery();
  stop.abort(new Error("enough"));
  await connection.cancelQuery();
  expect((await running).cause).toEqual(new Error("enough"));
  expect(await kept).toEqual({ rows: [{ one: 1 }] });
  const streamed: unknown[] = [];
  const endless = sql`select range as n from range(200000000000)`.compile(db);
  for await (const { rows } of connection.streamQuery(endless, 5, { signal: other.signal })) {
    streamed.push(...rows);
    if (streamed.length === 10) other.abort();
  }
  expect(streamed.length).toBeGreaterThanOrEqual(10);
});
