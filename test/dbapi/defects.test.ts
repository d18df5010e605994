// What was wrong with flightsql-dbapi 0.2.2, one test for each defect that JavaScript could share. 16 and 18 have none:
// parts of the protocol that it lacks are the client's own tests, and its dependencies are not ours.

import { Code, ConnectError } from "@connectrpc/connect";
import {
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  LargeUtf8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  Utf8View,
} from "apache-arrow";
import type { ClientOptions } from "flightsql";
import { expect, test } from "vitest";
import { fieldData } from "../../src/arrow/column.ts";
import { connect as connectTo, NotSupportedError, ProgrammingError } from "../../src/dbapi/index.ts";
import { connect, scripted, text, ways } from "../contract/scripted.ts";
import { home, influxBackend, influxDatabase, influxToken } from "../support/influx-backend.ts";
import { numbers } from "../support/router.ts";
import { connectedTo, failureOf } from "./connected.ts";
import { database, unimplemented } from "./database.ts";

const plain = { autocommit: true };

function batchOf(columns: readonly (readonly [Field, readonly unknown[]])[]): RecordBatch {
  const fields = columns.map(([field]) => field);
  const children = columns.map(([field, values]) => fieldData(field, values, (i) => `${field.name}[${i}]`));
  const length = columns[0]![1].length;
  return new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length, nullCount: 0, children }));
}

test("1: without credentials no authorization is sent", async () => {
  const { connection, server } = connectedTo(database());
  await connection.execute("SELECT 1");
  expect(server.heard.length).toBeGreaterThan(2);
  expect(server.heard.filter(({ header }) => header.has("authorization"))).toEqual([]);
});

/** Where a client with these options connects to. */
async function dialled(options: ClientOptions): Promise<string> {
  const uris: string[] = [];
  const server = scripted(database().backend);
  const transport = (uri: string) => {
    uris.push(uri);
    return server.transport;
  };
  await connectTo(connect({ ...options, transport })).execute("SELECT 1");
  return uris[0]!;
}

test("2: insecure is off when it is said to be off", async () => {
  expect(await dialled({ host: "h.example", port: 1, insecure: false })).toMatch(/^(grpc\+tls|https):/);
  expect(await dialled({ host: "h.example", port: 1, insecure: true })).toMatch(/^(grpc\+tcp|http):/);
});

test("3: without a port it is 443", async () => {
  expect(await dialled({ host: "h.example" })).toMatch(
    /^((grpc\+tls):\/\/h\.example:443|https:\/\/h\.example(:443)?)\/?$/,
  );
});

test("4: all endpoints are read, and none is no failure", async () => {
  const { connection } = connectedTo(database({ endpoints: 3 }), plain);
  const rows = await (await connection.execute("SELECT n")).fetchAll();
  expect(rows.flat()).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  const empty = connectedTo(database({ endpoints: 0, prepared: { isUpdate: false } }), plain).connection;
  expect(await (await empty.execute("SELECT n")).fetchAll()).toEqual([]);
});

test("5: the handle that a bind answers is the one that is run and closed", async () => {
  const script = database({ prepared: { isUpdate: false } });
  const { connection } = connectedTo(script, plain);
  await (await connection.execute("SELECT ?", [1])).fetchAll();
  expect(script.log).toEqual(["prepare SELECT ?", "bind h1", "query h1+", "end", "close h1+"]);
});

test("6: executeMany is one upload, and the count of it is kept", async () => {
  const script = database({ prepared: { isUpdate: true }, changed: 1000 });
  const { connection, server } = connectedTo(script, plain);
  const sets = Array.from({ length: 1000 }, (_, i) => [i]);
  expect((await connection.executeMany("INSERT INTO t VALUES (?)", sets)).rowCount).toBe(1000);
  expect([server.count("DoPut"), server.count("GetFlightInfo"), server.count("DoGet")]).toEqual([1, 0, 0]);
  expect(script.uploads.map((batch) => batch.numRows)).toEqual([1000]);
});

test("7: integers next to floating point stay integers, all their digits kept", async () => {
  const batch = batchOf([
    [new Field("i", new Int64(), true), [2n ** 63n - 1n, null]],
    [new Field("x", new Float64(), true), [0.5, 1]],
  ]);
  const { connection } = connectedTo(database({ batches: [batch] }), plain);
  const rows = await (await connection.execute("SELECT i, x")).fetchAll();
  expect(rows).toEqual([
    [9223372036854775807n, 0.5],
    [null, 1],
  ]);
});

test("8: a result is not read before its rows are fetched", async () => {
  const script = database({ batches: Array.from({ length: 100 }, () => numbers(1)) });
  const { connection } = connectedTo(script, plain, undefined, "a Connect transport");
  const cursor = await connection.execute("SELECT n");
  await cursor.fetchOne();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(script.served).toBe(1);
});

test("9: rowCount is that of the statement, and a description has seven items", async () => {
  const { connection } = connectedTo(database({ prepared: { isUpdate: true }, changed: 5 }), plain);
  expect((await connection.execute("DELETE FROM t")).rowCount).toBe(5);
  const unknown = connectedTo(database({ prepared: { isUpdate: true }, changed: -1 }), plain).connection;
  expect((await unknown.execute("DELETE FROM t")).rowCount).toBe(-1);
  const cursor = await connection.execute("SELECT n");
  expect(cursor.description?.map((column) => column.length)).toEqual([7]);
  await cursor.fetchAll();
  expect(cursor.rowCount).toBe(3);
});

test("10: commit and rollback reach the server, and a rollback that cannot be says so", async () => {
  const script = database();
  const { connection } = connectedTo(script);
  await connection.execute("SELECT 1");
  await connection.commit();
  await connection.execute("SELECT 1");
  await connection.rollback();
  expect(script.log.filter((line) => ["commit", "rollback"].includes(line))).toEqual(["commit", "rollback"]);
  const none = connectedTo(database({ begin: unimplemented("BeginTransaction") })).connection;
  await none.execute("SELECT 1");
  await failureOf(none.rollback(), NotSupportedError);
});

// 11, 12: reflection.test.ts.

test("13: SqlInfo that the server omits is missing, not an error", async () => {
  const script = database();
  const refusing = {
    ...script,
    backend: {
      ...script.backend,
      getFlightInfo: () => Promise.reject(new ConnectError("no such info", Code.NotFound)),
    },
  };
  expect(await connectedTo(refusing).connection.getSqlInfo([0, 504])).toEqual(new Map());
});

test("14: parameters are bound, never written into the text", async () => {
  const script = database({ prepared: { isUpdate: false } });
  const { connection } = connectedTo(script, plain);
  const nasty = "'; DROP TABLE t; --";
  await connection.execute("SELECT * FROM t WHERE a = ?", [nasty]);
  expect(script.log[0]).toBe("prepare SELECT * FROM t WHERE a = ?");
  expect(script.log.join()).not.toContain("DROP");
  expect(script.uploads[0]?.getChildAt(0)?.get(0)).toBe(nasty);
});

test("15: a login carries the metadata, a token that expires is renewed, cookies come back", async () => {
  const script = database();
  let logins = 0;
  const backend = {
    ...script.backend,
    // biome-ignore lint/correctness/useYield: the token is all that it answers
    async *handshake(_: unknown, { responseHeader }: { responseHeader: Headers }) {
      responseHeader.set("authorization", `Bearer ${++logins}`);
    },
  };
  const server = scripted(backend, ({ method, header, answer }) => {
    answer.header.append("set-cookie", "session=1");
    if (method === "GetFlightInfo" && header.get("authorization") === "Bearer 1")
      throw new ConnectError("expired", Code.Unauthenticated);
  });
  const options = { ...ways["a Connect transport"](server), username: "u", password: "p", metadata: { database: "d" } };
  const cursor = await connectTo(connect(options), plain).execute("SELECT n");
  expect(await cursor.fetchOne()).toEqual([1]);
  expect(logins).toBe(2);
  expect(server.heard.map(({ header }) => header.get("database"))).toEqual(server.heard.map(() => "d"));
  expect(server.heard.at(-1)?.header.get("cookie")).toBe("session=1");
});

test("17: views, large text, dictionaries, lists and structs are described and read", async () => {
  const item = new Field("item", new Utf8(), true);
  const batch = batchOf([
    [new Field("view", new Utf8View(), true), ["a", "a text that is too long to stand in a view itself"]],
    [new Field("large", new LargeUtf8(), true), ["b", null]],
    [new Field("tag", new Dictionary(new Utf8(), new Int32()), true), ["c", "c"]],
    [new Field("list", new List(item), true), [["d"], []]],
    [new Field("struct", new Struct([item]), true), [{ item: "e" }, null]],
  ]);
  const { connection } = connectedTo(database({ batches: [batch] }), plain);
  const cursor = await connection.execute("SELECT *");
  expect(cursor.description?.map(([, type]) => type)).toEqual(["TEXT", "TEXT", "TEXT", "ARRAY", "STRUCT"]);
  expect(await cursor.fetchAll()).toEqual([
    ["a", "b", "c", ["d"], { item: "e" }],
    ["a text that is too long to stand in a view itself", null, "c", [], null],
  ]);
});

test("InfluxDB 3, for which it was made: nothing but queries, a token and a database with every call", async () => {
  const server = scripted(influxBackend());
  const options = { ...ways["gRPC-Web"](server), token: influxToken, metadata: { database: influxDatabase } };
  const connection = connectTo(connect(options));
  const cursor = await connection.execute("SELECT * FROM home");
  expect(connection.autocommit).toBe(true);
  expect(cursor.description?.map(([name, type]) => [name, type])).toEqual([
    ["room", "TEXT"],
    ["temp", "FLOAT"],
    ["co", "BIGINT"],
    ["note", "TEXT"],
    ["time", "TIMESTAMP"],
  ]);
  const rows = await cursor.fetchAll();
  expect([rows.length, cursor.rowCount]).toEqual([home.length, home.length]);
  expect(rows.map(([room, temp, co, note]) => [room, temp, co, note])).toEqual(
    home.map(({ room, temp, co, note }) => [room, temp, co, note]),
  );
  expect(await connection.getTableNames("iox")).toEqual(["home"]);
  expect((await connection.getColumns("home", "iox")).map(({ name }) => name)).toEqual(Object.keys(home[0]!));
  await failureOf(connection.execute("INSERT INTO home VALUES (1)"), ProgrammingError);
});

test("the values of the unit tests of flightsql-dbapi arrive as one row of five parameters", async () => {
  const script = database({ prepared: { isUpdate: false } });
  const { connection } = connectedTo(script, plain);
  const data = new TextEncoder().encode("data");
  await connection.execute("SELECT ?, ?, ?, ?, ?", [20, "hello", 3.14, data, true]);
  const [upload] = script.uploads;
  expect([upload?.numRows, upload?.numCols]).toEqual([1, 5]);
  const row = Array.from({ length: 5 }, (_, i) => upload?.getChildAt(i)?.get(0));
  expect(row.map((value, i) => (i === 3 ? text(value as Uint8Array) : value))).toEqual([
    20n,
    "hello",
    3.14,
    "data",
    true,
  ]);
});
