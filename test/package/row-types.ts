// The types of rows, as a user's editor tells them. `npm run types` compiles this, and fails where they are others; it is
// never run.

import type { RecordBatch, Table } from "apache-arrow";
import type { FlightSqlClient, FlightStreamReader, PreparedStatement, QueryResult, Transaction } from "flightsql";
import type { Kysely, Selectable } from "kysely";
import { expectTypeOf } from "vitest";
import type { Connection, Cursor } from "../../src/dbapi/index.ts";

interface Flight {
  origin: string;
  distance: bigint;
}
type Untyped = Record<string, unknown>;

export async function results(result: QueryResult, reader: FlightStreamReader): Promise<void> {
  expectTypeOf(await result.all()).toEqualTypeOf<Untyped[]>();
  expectTypeOf(await result.all<Flight>()).toEqualTypeOf<Flight[]>();
  expectTypeOf(await result.all<[string, bigint]>({ as: "array" })).toEqualTypeOf<[string, bigint][]>();
  for await (const row of result.rows()) expectTypeOf(row).toEqualTypeOf<Untyped>();
  for await (const row of result.rows<Flight>({ timestamp: "string" })) expectTypeOf(row).toEqualTypeOf<Flight>();
  for await (const rows of result.rowBatches()) expectTypeOf(rows).toEqualTypeOf<Untyped[]>();
  for await (const rows of result.rowBatches<Flight>()) expectTypeOf(rows).toEqualTypeOf<Flight[]>();
  for await (const batch of result) expectTypeOf(batch).toEqualTypeOf<RecordBatch>();
  expectTypeOf(await result.table()).toEqualTypeOf<Table>();
  expectTypeOf(result.ipc()).toEqualTypeOf<ReadableStream<Uint8Array>>();

  expectTypeOf(await reader.readRows()).toEqualTypeOf<Untyped[]>();
  expectTypeOf(await reader.readRows<Flight>()).toEqualTypeOf<Flight[]>();
  const chunk = await reader.readChunk();
  if (chunk !== null) expectTypeOf(chunk.batch).toEqualTypeOf<RecordBatch | null>();

  // A result is awaited by what is asked of it.
  expectTypeOf(result).not.toHaveProperty("then");
  // @ts-expect-error: no such way to give numbers
  await result.all<Flight>({ int64: "float" });
  // @ts-expect-error: rows are what the caller says they are, and no others
  (await result.all<Flight>())[0]?.destination;
}

export async function statements(
  client: FlightSqlClient,
  prepared: PreparedStatement,
  transaction: Transaction,
): Promise<void> {
  for (const one of [client, transaction]) {
    expectTypeOf(one.query("SELECT 1")).toEqualTypeOf<QueryResult>();
    expectTypeOf(one.query("SELECT ?", [1n, null, "a", new Date()], { timeoutMs: 1 })).toEqualTypeOf<QueryResult>();
    expectTypeOf(await one.query("SELECT $a", { a: 1 }).all<Flight>()).toEqualTypeOf<Flight[]>();
    expectTypeOf(await one.executeUpdate("DELETE FROM t")).toEqualTypeOf<bigint>();
    expectTypeOf(await one.prepare("SELECT 1")).toEqualTypeOf<PreparedStatement>();
  }
  expectTypeOf(prepared.query([1])).toEqualTypeOf<QueryResult>();
  expectTypeOf(await prepared.query({ a: 1 }).all<Flight>()).toEqualTypeOf<Flight[]>();
  for await (const row of prepared.query().rows<Flight>()) expectTypeOf(row).toEqualTypeOf<Flight>();
  expectTypeOf(await prepared.executeUpdate([1])).toEqualTypeOf<bigint>();
  expectTypeOf(await prepared.executeMany([[1], [2]])).toEqualTypeOf<bigint>();
  expectTypeOf(await client.ingest("t", [{ a: 1 }])).toEqualTypeOf<bigint>();
  expectTypeOf(await client.transaction(async (tx) => (await tx.query("SELECT 1").all<Flight>())[0])).toEqualTypeOf<
    Flight | undefined
  >();
  // @ts-expect-error: parameters are values, not functions
  client.query("SELECT ?", [() => 1]);
}

export async function dbapi(connection: Connection, cursor: Cursor): Promise<void> {
  expectTypeOf(await cursor.fetchOne()).toEqualTypeOf<unknown[] | null>();
  expectTypeOf(await cursor.fetchAll()).toEqualTypeOf<unknown[][]>();
  expectTypeOf(connection.cursor<[string, bigint]>()).toEqualTypeOf<Cursor<[string, bigint]>>();
  const typed = await connection.execute<[string, bigint]>("SELECT origin, distance FROM flights");
  expectTypeOf(typed).toEqualTypeOf<Cursor<[string, bigint]>>();
  expectTypeOf(await typed.fetchOne()).toEqualTypeOf<[string, bigint] | null>();
  expectTypeOf(await typed.fetchMany(2)).toEqualTypeOf<[string, bigint][]>();
  for await (const [origin, distance] of typed) {
    expectTypeOf(origin).toEqualTypeOf<string>();
    expectTypeOf(distance).toEqualTypeOf<bigint>();
  }
  const objects = await connection.execute<Flight>("SELECT origin, distance FROM flights");
  expectTypeOf(await objects.fetchAll()).toEqualTypeOf<Flight[]>();
  // @ts-expect-error: a row is an object or an array
  connection.cursor<string>();
}

export async function kysely(db: Kysely<{ flights: Flight }>): Promise<void> {
  expectTypeOf(await db.selectFrom("flights").selectAll().execute()).toEqualTypeOf<Selectable<Flight>[]>();
  for await (const row of db.selectFrom("flights").select("distance").stream()) {
    expectTypeOf(row).toEqualTypeOf<{ distance: bigint }>();
  }
  // @ts-expect-error: no such column
  db.selectFrom("flights").select("destination");
}
