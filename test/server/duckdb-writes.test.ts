import { Decimal, Float64, RecordBatch, Table, tableFromArrays, Utf8, vectorFromArray } from "apache-arrow";
import { FlightSqlClient, type FlightSqlError, SqlInfo } from "flightsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/index.ts";

// What clients of this package can do to the DuckDB server, beyond what the contract asks of every server.

let backend: Awaited<ReturnType<typeof duckdbBackend>>;
let server: Listening;
let client: FlightSqlClient;

beforeAll(async () => {
  backend = await duckdbBackend();
  server = await listen(backend);
  client = new FlightSqlClient({ url: `grpc://127.0.0.1:${server.port}`, timeoutMs: 20_000 });
});

afterAll(async () => {
  await client.close();
  await server.close(0);
  await backend.close();
});

async function failure(call: Promise<unknown>): Promise<FlightSqlError> {
  return await call.then(
    () => {
      throw new Error("it should have failed");
    },
    (reason) => reason,
  );
}

test("a statement says what it takes, what it gives, and whether it changes rows", async () => {
  await client.executeUpdate("CREATE TABLE described (i INTEGER, d DECIMAL(10, 2), e ENUM ('a', 'b'))");
  const insert = await client.prepare("INSERT INTO described VALUES (?, ?, ?)");
  expect(insert.isUpdate).toBe(true);
  expect(insert.datasetSchema).toBeNull();
  expect(insert.parameterSchema?.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "1 Int32",
    "2 Decimal[10e+2]",
    "3 Utf8",
  ]);
  const select = await client.prepare("SELECT i FROM described WHERE i = $id AND d > $low");
  expect(select.isUpdate).toBe(false);
  expect(select.datasetSchema?.names).toEqual(["i"]);
  expect(select.parameterSchema?.names).toEqual(["id", "low"]);
  const unknown = await client.prepare("SELECT ? AS x");
  expect(unknown.parameterSchema?.fields.map(({ type }) => String(type))).toEqual(["Null"]);
  expect(unknown.datasetSchema).toBeNull();
  expect((await client.prepare("INSERT INTO described (i) VALUES (1) RETURNING i")).isUpdate).toBe(false);
  expect(await insert.executeUpdate([1, "12.50", "b"])).toBe(1n);
  expect(await client.query("SELECT * FROM described").all()).toEqual([{ i: 1, d: "12.50", e: "b" }]);
});

const values: [type: string, value: unknown][] = [
  ["BOOLEAN", true],
  ["TINYINT", -128],
  ["UBIGINT", 2n ** 64n - 1n],
  ["HUGEINT", "-12345678901234567890123456789012345678"],
  ["UHUGEINT", "340282366920938463463374607431768211455"],
  ["DECIMAL(4, 1)", "-999.9"],
  ["DECIMAL(9, 3)", "-123456.789"],
  ["DECIMAL(18, 2)", "-1234567890123456.78"],
  ["DECIMAL(38, 10)", "-1234567890123456789012345678.0123456789"],
  ["FLOAT", 0.5],
  ["DOUBLE", 5e-324],
  ["VARCHAR", "exactly 12 B"],
  ["VARCHAR", "日本 and more than twelve bytes"],
  ["BLOB", Uint8Array.of(0, 255, 10)],
  ["DATE", new Date("1969-12-31T00:00:00Z")],
  ["TIME", "23:59:59.999999"],
  ["TIMESTAMP_S", new Date("2024-02-29T12:34:56Z")],
  ["TIMESTAMP_MS", new Date("1901-02-28T12:34:56.789Z")],
  ["TIMESTAMP", new Date("2024-02-29T12:34:56.789Z")],
  ["TIMESTAMPTZ", new Date("2024-02-29T12:34:56.789Z")],
  ["INTERVAL", { months: -14, days: 3, nanoseconds: 5_000_001_000n }],
  ["INTEGER[]", [1, null, 3]],
  ["INTEGER[3]", [1, null, 3]],
  ["VARCHAR[][]", [["a", "a string of more than twelve"], [], null]],
  ["STRUCT(a INTEGER, b VARCHAR[])", { a: null, b: ["x"] }],
  [
    "MAP(VARCHAR, DOUBLE)",
    new Map([
      ["a", 1.5],
      ["b", null],
    ]),
  ],
];

test.each(values)("a %s goes in as a parameter and comes out the same", async (type, value) => {
  const query = client.query(`SELECT ?::${type} AS v UNION ALL SELECT ?::${type}`, [value, null] as never);
  expect(await query.all()).toEqual([{ v: value }, { v: null }]);
  await client.executeUpdate("DROP TABLE IF EXISTS typed");
  await client.executeUpdate(`CREATE TABLE typed (v ${type})`);
  // Declared by the column, so that values go in as its own type.
  const insert = await client.prepare("INSERT INTO typed VALUES (?)");
  expect(await insert.executeMany([[value], [null]] as never)).toBe(2n);
  await insert.close();
  const stored = await client.query("SELECT * FROM typed").table();
  expect(await client.query("SELECT * FROM typed").all()).toEqual([{ v: value }, { v: null }]);
  // And in bulk, from Arrow to a table made for it.
  expect(await client.ingest("typed_bulk", stored, { mode: "replace" })).toBe(2n);
  expect(await client.query("SELECT * FROM typed_bulk").all()).toEqual([{ v: value }, { v: null }]);
  const [made] = await client.query("SELECT typeof(v) AS t FROM typed_bulk LIMIT 1").all<{ t: string }>();
  const plain = type === "HUGEINT" ? "DECIMAL(38,0)" : type.replaceAll(", ", ",");
  expect(made!.t.replaceAll('"', "").replaceAll(", ", ",")).toBe(
    plain === "TIMESTAMPTZ" ? "TIMESTAMP WITH TIME ZONE" : plain,
  );
});

test("a query runs with each set of parameters, one result after the other", async () => {
  const sets = tableFromArrays({ n: Int32Array.of(3, 1, 2) });
  const result = await client.query("SELECT range AS r FROM range(?)", sets as never).all({ int64: "number" });
  expect(result.map((row) => row.r)).toEqual([0, 1, 2, 0, 0, 1]);
});

test("parameters bound later do not reach a read that was planned before", async () => {
  const statement = await client.prepare("SELECT ?::INTEGER AS n");
  const results = await Promise.all([1, 2, 3, 4, 5].map((n) => statement.query([n]).all()));
  expect(results).toEqual([1, 2, 3, 4, 5].map((n) => [{ n }]));
});

test("many sets are all or nothing", async () => {
  await client.executeUpdate("CREATE TABLE atomic_sets (i INTEGER PRIMARY KEY)");
  const insert = await client.prepare("INSERT INTO atomic_sets VALUES (?)");
  const error = await failure(insert.executeMany([[1], [2], [1]]));
  expect(error.message).toMatch(/Constraint|Duplicate/i);
  expect(await client.query("SELECT * FROM atomic_sets").all()).toEqual([]);
});

test("the wrong number of parameters is refused", async () => {
  const statement = await client.prepare("SELECT ?::INTEGER + ?::INTEGER AS n");
  const two = tableFromArrays({ a: Int32Array.of(1) });
  expect((await failure(statement.query(two as never).all())).message).toMatch(/2 parameters; 1/);
});

test("in a transaction a result is read on while its rows are changed", async () => {
  await client.executeUpdate("CREATE TABLE worked AS SELECT range AS i, 0 AS done FROM range(200000)");
  const tx = await client.beginTransaction();
  let rows = 0;
  for await (const batch of tx.query("SELECT i FROM worked")) {
    rows += batch.numRows;
    expect(await tx.executeUpdate("UPDATE worked SET done = done + 1 WHERE i < ?", [10n])).toBe(10n);
  }
  expect(rows).toBe(200_000);
  // A result that is still open when the transaction ends is read to its end all the same.
  const open = tx.query("SELECT i FROM worked")[Symbol.asyncIterator]();
  let left = (await open.next()).value!.numRows;
  await tx.commit();
  for (let next = await open.next(); !next.done; next = await open.next()) left += next.value.numRows;
  expect(left).toBe(200_000);
  const [row] = await client.query("SELECT max(done)::INTEGER AS m, count(*) AS c FROM worked WHERE done > 0").all();
  expect(row!.c).toBe(10n);
});

test("a loop left early leaves its transaction usable", async () => {
  await client.executeUpdate("CREATE TABLE left_early (i INTEGER)");
  const tx = await client.beginTransaction();
  for (let n = 0; n < 5; n++) {
    for await (const batch of tx.query("SELECT * FROM range(100000000)")) {
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
    await tx.executeUpdate("INSERT INTO left_early VALUES (?)", [n]);
  }
  await tx.commit();
  expect(await client.query("SELECT count(*)::INTEGER AS c FROM left_early").all()).toEqual([{ c: 5 }]);
});

test("a transaction that has ended is not found, nor is one that never was", async () => {
  const tx = await client.beginTransaction();
  const statement = await tx.prepare("SELECT 1 AS n");
  await tx.rollback();
  expect((await failure(statement.query().all())).code).toBe("not_found");
  expect((await failure(client.query("COMMIT").all())).code).toBe("invalid_argument");
});

test("nothing stays of an ingest that fails", async () => {
  await client.executeUpdate("CREATE TABLE loaded (n DOUBLE PRIMARY KEY)");
  async function* broken() {
    for (let i = 0; i < 100; i++)
      yield* tableFromArrays({ n: Float64Array.from({ length: 3000 }, (_, k) => i * 3000 + k) }).batches;
    yield* tableFromArrays({ n: Float64Array.of(5) }).batches;
  }
  await failure(client.ingest("loaded", broken(), { mode: "append" }));
  expect(await client.query("SELECT count(*)::INTEGER AS c FROM loaded").all()).toEqual([{ c: 0 }]);
  async function* stopped() {
    yield* tableFromArrays({ n: Float64Array.of(1) }).batches;
    throw new Error("no more");
  }
  const tx = await client.beginTransaction();
  await expect(tx.ingest("loaded", stopped(), { mode: "append" })).rejects.toThrow("no more");
  expect(await tx.ingest("loaded", tableFromArrays({ n: Float64Array.of(7) }), { mode: "append" })).toBe(1n);
  await tx.commit();
  expect(await client.query("SELECT * FROM loaded").all()).toEqual([{ n: 7 }]);
});

test("ingest finds columns by name, and knows tables that exist", async () => {
  await client.executeUpdate("CREATE TABLE named (a INTEGER, b VARCHAR, c DOUBLE DEFAULT 9)");
  const both = tableFromArrays({ B: ["x"], a: Int32Array.of(1), c: Float64Array.of(2) });
  expect(await client.ingest("named", both, { mode: "append" })).toBe(1n);
  expect(await client.ingest("named", [{ b: "y" }], { mode: "append" })).toBe(1n);
  expect(await client.query("SELECT * FROM named ORDER BY b").all()).toEqual([
    { a: 1, b: "x", c: 2 },
    { a: null, b: "y", c: 9 },
  ]);
  expect((await failure(client.ingest("named", [{ z: 1 }], { mode: "append" }))).message).toMatch(/no column "z"/);
  expect((await failure(client.ingest("named", both))).code).toBe("already_exists");
  expect((await failure(client.ingest("nowhere", both, { mode: "append" }))).code).toBe("not_found");
  await client.executeUpdate("CREATE SCHEMA other");
  expect(await client.ingest("named", both, { schema: "other" })).toBe(1n);
  expect((await failure(client.ingest("t", both, { temporary: true }))).code).toBe("failed_precondition");
  await client.transaction(async (tx) => {
    expect(await tx.ingest("t", both, { temporary: true })).toBe(1n);
    expect(await tx.query("SELECT a FROM t").all()).toEqual([{ a: 1 }]);
  });
});

test("a million rows are loaded in bulk, dictionaries and long lists among them", { timeout: 60_000 }, async () => {
  const length = 1_000_000;
  const n = Float64Array.from({ length }, (_, i) => i);
  const kinds = vectorFromArray(Array.from({ length: 1000 }, (_, i) => (i % 7 === 0 ? null : `kind number ${i % 3}`)));
  const part = new Table({
    kind: kinds,
    list: vectorFromArray(
      Array.from({ length: 1000 }, (_, i) => Array.from({ length: 50 }, (_, k) => (k % 5 === 0 ? null : i))),
    ),
  });
  expect(await client.ingest("many", tableFromArrays({ n }))).toBe(BigInt(length));
  expect(await client.query("SELECT sum(n) AS s FROM many").all()).toEqual([{ s: (length * (length - 1)) / 2 }]);
  expect(await client.ingest("nested", part)).toBe(1000n);
  const [row] = await client
    .query("SELECT count(kind) AS kinds, sum(len(list)) AS items, sum(list_sum(list)) AS total FROM nested")
    .all<Record<string, unknown>>({ int64: "number", decimal: "number" });
  expect(row).toEqual({ kinds: 857, items: 50_000, total: (999 * 1000 * 40) / 2 });
});

test("keys of several columns in their order, with catalog and schema", async () => {
  await client.executeUpdate("CREATE TABLE parent (x INTEGER, y VARCHAR, PRIMARY KEY (y, x))");
  await client.executeUpdate("CREATE TABLE child (q VARCHAR, p INTEGER, FOREIGN KEY (q, p) REFERENCES parent (y, x))");
  const names = { catalog: "memory", dbSchema: "main" };
  const keys = await client.getImportedKeys({ ...names, table: "child" }).all<Record<string, unknown>>();
  expect(keys.map((key) => [key.pk_column_name, key.fk_column_name, key.key_sequence, key.update_rule])).toEqual([
    ["y", "q", 1, 3],
    ["x", "p", 2, 3],
  ]);
  expect(await client.getPrimaryKeys({ ...names, dbSchema: "elsewhere", table: "parent" }).all()).toEqual([]);
  expect(keys[0]!.pk_key_name).toBe((await client.getPrimaryKeys({ table: "parent" }).all())[0]!.key_name);
});

test("SqlInfo has names, numbers, bits and lists, and leaves out what it does not know", async () => {
  const all = await client.getSqlInfo();
  expect(all.get(SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION)).toBe(1);
  expect(all.get(SqlInfo.FLIGHT_SQL_SERVER_CANCEL)).toBe(true);
  expect(all.get(SqlInfo.SQL_KEYWORDS)).toContain("select");
  expect(all.get(SqlInfo.SQL_STRING_FUNCTIONS)).toContain("upper");
  expect(all.get(SqlInfo.SQL_SUPPORTED_UNIONS)).toBe(3);
  expect(await client.getSqlInfo([99_999])).toEqual(new Map());
});

test("a session's schema holds for its calls alone", async () => {
  await client.executeUpdate("CREATE SCHEMA apart");
  await client.executeUpdate("CREATE TABLE apart.here AS SELECT 1 AS n");
  const own = new FlightSqlClient(`grpc://127.0.0.1:${server.port}`);
  try {
    expect(await own.getSessionOptions()).toEqual(new Map());
    expect(await own.setSessionOptions({ schema: "apart", nonsense: 1n, catalog: "no such" })).toEqual(
      new Map([
        ["nonsense", "invalid_name"],
        ["catalog", "invalid_value"],
      ]),
    );
    expect(await own.getSessionOptions()).toEqual(new Map([["schema", "apart"]]));
    expect(await own.query("SELECT n FROM here").all()).toEqual([{ n: 1 }]);
    expect((await failure(client.query("SELECT n FROM here").all())).code).toBe("invalid_argument");
    expect(await own.closeSession()).toBe("closed");
    expect((await failure(own.query("SELECT n FROM here").all())).code).toBe("invalid_argument");
  } finally {
    await own.close();
  }
});

test("a cancelled query stops, wherever it is", async () => {
  const info = await client.execute("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b");
  const reading = failure(client.doGet(info.endpoints[0]!).readAll());
  await new Promise((resolve) => setTimeout(resolve, 300));
  const begun = performance.now();
  expect(await client.cancel(info)).toBe("cancelled");
  expect((await reading).code).toBe("canceled");
  expect(performance.now() - begun).toBeLessThan(5000);
  const later = await client.execute("SELECT 1");
  await client.cancel(later);
  expect((await failure(client.doGet(later.endpoints[0]!).readAll())).code).toBe("canceled");
});

test("values that DuckDB cannot hold are refused by name", async () => {
  const text = vectorFromArray(["a"], new Utf8());
  text.data[0]!.values[0] = 0xff;
  const bad = new Table(new RecordBatch({ t: text.data[0]!, n: vectorFromArray([1], new Float64()).data[0]! }));
  expect((await failure(client.ingest("bad", bad))).message).toMatch(/"t" has text that is not UTF-8/);
  const wide = new Table({ d: vectorFromArray([], new Decimal(2, 50, 256)) });
  expect((await failure(client.ingest("bad", wide))).message).toMatch(/38 digits/);
});
