import { FlightSqlClient } from "flightsql";
import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { FlightSqlDialect } from "../../src/kysely/index.ts";
import { expectFailure } from "../contract/expect.ts";
import { connect, infoOf, scripted } from "../contract/scripted.ts";
import { numbers } from "../support/router.ts";
import { people, url } from "./database.ts";

function connected(): Kysely<object> {
  const client = new FlightSqlClient({ url, timeoutMs: 20_000 });
  onTestFinished(() => client.close());
  return new Kysely<object>({ dialect: new FlightSqlDialect({ client }) });
}

test("stream gives every row, in order", async () => {
  const db = await people();
  const names: string[] = [];
  for await (const row of db.selectFrom("person").selectAll().orderBy("id").stream(3)) names.push(row.first_name);
  expect(names).toEqual(["Jennifer", "Arnold", "Sylvester", "Cher"]);
});

test("a stream that is left stops the query at the server", async () => {
  const stopped: string[] = [];
  const server = scripted({
    getFlightInfo: async () => infoOf([]),
    doGet: async (_, { signal }) => ({
      schema: numbers(1).schema,
      chunks: (async function* () {
        signal.addEventListener("abort", () => stopped.push("stopped"));
        for (let n = 0; ; n++) yield { batch: numbers(n) };
      })(),
    }),
  });
  const client = connect({ url: "http://scripted.example", transport: server.transport });
  const db = new Kysely<{ endless: { n: number } }>({ dialect: new FlightSqlDialect({ client }) });
  const seen: number[] = [];
  for await (const { n } of db.selectFrom("endless").selectAll().stream()) {
    seen.push(n);
    if (n === 3) break;
  }
  expect(seen).toEqual([0, 1, 2, 3]);
  await expect.poll(() => stopped).toEqual(["stopped"]);
});

test("the first rows of a long result come without the rest", async () => {
  const query = sql<{ n: bigint }>`select range as n from range(200000000000)`;
  for await (const rows of connected().getExecutor().stream<{ n: bigint }>(query.compile(connected()), 7)) {
    expect(rows.rows.map(({ n }) => n)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n]);
    break;
  }
});

test("what answers with a count streams nothing but that", async () => {
  const db = await people();
  const results = db.getExecutor().stream(db.deleteFrom("pet").compile(), 10);
  const all = [];
  for await (const result of results) all.push(result);
  expect(all).toEqual([{ rows: [], numAffectedRows: 3n }]);
});

test("a chunk size that makes no sense, and SQL that makes none", async () => {
  const db = connected();
  const drain = async (chunkSize: number, text: string): Promise<void> => {
    for await (const _ of db.getExecutor().stream(sql.raw(text).compile(db), chunkSize));
  };
  expect((await expectFailure(drain(0, "select 1"), "invalid_argument")).message).toMatch(/chunk size is 0/);
  expect((await expectFailure(drain(10, "select from where"))).message).toMatch(/syntax/i);
});

test("the signal of `call` stops every query of its Kysely", async () => {
  const client = new FlightSqlClient({ url, timeoutMs: 20_000 });
  onTestFinished(() => client.close());
  const stop = new AbortController();
  const db = new Kysely<object>({ dialect: new FlightSqlDialect({ client, call: { signal: stop.signal } }) });
  const running = expectFailure(
    sql`select sum(hash(a.range + b.range)) from range(3000000) a, range(3000000) b`.execute(db),
    "canceled",
  );
  setTimeout(() => stop.abort(new Error("enough")), 100);
  expect((await running).cause).toEqual(new Error("enough"));
});
