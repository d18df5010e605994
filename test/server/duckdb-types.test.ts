import { create } from "@bufbuild/protobuf";
import { DuckDBInstance, JsonDuckDBValueConverter } from "@duckdb/node-api";
import { type RecordBatch, Table } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchRows } from "../../src/arrow/rows.ts";
import { CommandStatementQuerySchema } from "../../src/gen/FlightSql_pb.ts";
import type { Backend, Call } from "../../src/server/backend.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { readDescriptor, readTicket } from "../../src/server/messages.ts";
import { statement } from "./harness.ts";

let backend: Backend & { close(): Promise<void> };
beforeAll(async () => {
  backend = await duckdbBackend();
});
afterAll(() => backend.close());

const call: Call = {
  signal: new AbortController().signal,
  requestHeader: new Headers(),
  responseHeader: new Headers(),
  responseTrailer: new Headers(),
};

async function batches(sql: string): Promise<RecordBatch[]> {
  const info = await backend.getFlightInfo!(readDescriptor(statement(sql)), call);
  const { chunks } = await backend.doGet!(readTicket(info.endpoint![0]!.ticket!.ticket!), call);
  const out: RecordBatch[] = [];
  for await (const { batch } of chunks) out.push(batch!);
  return out;
}

/** The rows, every value spelled as text. */
async function spelled(sql: string): Promise<Record<string, unknown>[]> {
  const out: Record<string, unknown>[] = [];
  for (const batch of await batches(sql))
    for (const rows of batchRows<Record<string, unknown>>(batch, { timestamp: "string" })) out.push(...rows);
  return out;
}

/** One column's values for each case, and the Arrow type they come in. */
const cases: readonly (readonly [
  type: string,
  arrow: string,
  ...values: (readonly [sql: string, value: unknown])[],
])[] = [
  ["BOOLEAN", "Bool", ["true", true], ["false", false]],
  ["TINYINT", "Int8", ["-128", -128], ["127", 127]],
  ["SMALLINT", "Int16", ["-32768", -32768], ["32767", 32767]],
  ["INTEGER", "Int32", ["-2147483648", -2147483648], ["2147483647", 2147483647]],
  ["BIGINT", "Int64", ["-9223372036854775808", -(2n ** 63n)], ["9223372036854775807", 2n ** 63n - 1n]],
  ["UTINYINT", "Uint8", ["255", 255]],
  ["USMALLINT", "Uint16", ["65535", 65535]],
  ["UINTEGER", "Uint32", ["4294967295", 4294967295]],
  ["UBIGINT", "Uint64", ["18446744073709551615", 2n ** 64n - 1n]],
  [
    "HUGEINT",
    "Decimal[38e0]",
    ["-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728"],
    ["-1", "-1"],
  ],
  ["UHUGEINT", "Decimal[39e0]", ["340282366920938463463374607431768211455", "340282366920938463463374607431768211455"]],
  [
    "BIGNUM",
    "Utf8",
    ["'-123456789012345678901234567890123456789012345678901'", "-123456789012345678901234567890123456789012345678901"],
  ],
  ["FLOAT", "Float32", ["1.5", 1.5], ["'-inf'", -Infinity]],
  ["DOUBLE", "Float64", ["0.1", 0.1], ["'nan'", Number.NaN]],
  ["DECIMAL(4,1)", "Decimal[4e+1]", ["-999.9", "-999.9"], ["0.1", "0.1"]],
  ["DECIMAL(9,4)", "Decimal[9e+4]", ["-99999.9999", "-99999.9999"]],
  ["DECIMAL(18,6)", "Decimal[18e+6]", ["-999999999999.999999", "-999999999999.999999"], ["1", "1.000000"]],
  [
    "DECIMAL(38,10)",
    "Decimal[38e+10]",
    ["-9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999"],
  ],
  [
    "VARCHAR",
    "Utf8",
    ["''", ""],
    ["'twelve bytes'", "twelve bytes"],
    ["'thirteen byte'", "thirteen byte"],
    ["'🦆' || repeat('é', 500)", `🦆${"é".repeat(500)}`],
    ["'a' || chr(0) || 'b'", "a\0b"],
  ],
  ["BLOB", "Binary", ["'\\x00\\xFF'", new Uint8Array([0, 255])]],
  ["BIT", "Utf8", ["'0010101'", "0010101"]],
  [
    "UUID",
    "Utf8",
    ["'00000000-0000-0000-0000-000000000000'", "00000000-0000-0000-0000-000000000000"],
    ["'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"],
  ],
  ["DATE", "Date32<DAY>", ["'1969-12-31'", new Date(-86400000)], ["'2024-02-29'", new Date("2024-02-29")]],
  ["TIME", "Time64<MICROSECOND>", ["'23:59:59.999999'", "23:59:59.999999"]],
  ["TIME_NS", "Time64<NANOSECOND>", ["'23:59:59.999999999'", "23:59:59.999999999"]],
  ["TIMETZ", "Utf8", ["'12:30:00.5+02'", "12:30:00.5+02"]],
  ["TIMESTAMP", "Timestamp<MICROSECOND>", ["'1969-12-31 23:59:59.999999'", "1969-12-31T23:59:59.999999"]],
  ["TIMESTAMP_S", "Timestamp<SECOND>", ["'2024-02-29 12:00:00'", "2024-02-29T12:00:00"]],
  ["TIMESTAMP_MS", "Timestamp<MILLISECOND>", ["'2024-02-29 12:00:00.123'", "2024-02-29T12:00:00.123"]],
  ["TIMESTAMP_NS", "Timestamp<NANOSECOND>", ["'2024-02-29 12:00:00.123456789'", "2024-02-29T12:00:00.123456789"]],
  ["TIMESTAMPTZ", "Timestamp<MICROSECOND, UTC>", ["'2024-02-29 12:00:00+02'", "2024-02-29T10:00:00.000000Z"]],
  [
    "INTERVAL",
    "Interval<MONTH_DAY_NANO>",
    ["'14 months -3 days 2.5 seconds'", { months: 14, days: -3, nanoseconds: 2_500_000_000n }],
  ],
  ["ENUM('sad', 'happy')", "Dictionary<Uint8, Utf8>", ["'happy'", "happy"], ["'sad'", "sad"]],
  ["INTEGER[]", "List<Int32>", ["[1, NULL, 3]", [1, null, 3]], ["[]", []]],
  ["VARCHAR[][]", "List<List<Utf8>>", ["[['a', NULL], [], NULL]", [["a", null], [], null]]],
  ["INTEGER[3]", "FixedSizeList[3]<Int32>", ["[1, NULL, 3]", [1, null, 3]]],
  [
    "STRUCT(a INTEGER, b VARCHAR[])",
    "Struct<{a:Int32, b:List<Utf8>}>",
    ["{'a': 1, 'b': ['x', NULL]}", { a: 1, b: ["x", null] }],
    ["{'a': NULL, 'b': NULL}", { a: null, b: null }],
  ],
  [
    "MAP(VARCHAR, INTEGER)",
    "Map<{key:Utf8, value:Int32}>",
    [
      "MAP {'x': 1, 'y': NULL}",
      new Map([
        ["x", 1],
        ["y", null],
      ]),
    ],
  ],
  ["UNION(n INTEGER, s VARCHAR)", "Union<Int32 | Utf8>", ["7", 7], ["'seven'", "seven"]],
];

describe("every DuckDB type", () => {
  for (const [type, , ...values] of cases) {
    it(`${type} arrives exactly, and so does NULL, before and behind`, async () => {
      const list = ["NULL", ...values.map(([sql]) => sql), "NULL"].map((sql, i) => `(${i}, (${sql})::${type})`);
      const rows = await spelled(`SELECT v FROM (VALUES ${list.join(", ")}) t(i, v) ORDER BY i`);
      expect(rows.map(({ v }) => v)).toEqual([null, ...values.map(([, value]) => value), null]);
    });
  }

  it("comes in the Arrow type that is stated", async () => {
    const columns = cases.map(([type], i) => `NULL::${type} AS c${i}`);
    const [batch] = await batches(`SELECT ${columns.join(", ")}`);
    expect(batch!.schema.fields.map(({ type }) => String(type))).toEqual(cases.map(([, arrow]) => arrow));
  });

  it("is the same as what DuckDB spells itself, for all types it has", async () => {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll("SELECT column_name FROM (DESCRIBE SELECT * FROM test_all_types())");
    const names = reader.getColumns()[0]!.map(String);
    connection.closeSync();
    instance.closeSync();
    const [batch] = await batches("SELECT * FROM test_all_types()");
    expect(batch!.schema.fields.map(({ name }) => name)).toEqual(names);
    expect(batch!.numRows).toBe(3);
    // The third row is null in every column.
    for (let i = 0; i < names.length; i++) expect([names[i], batch!.getChildAt(i)!.get(2)]).toEqual([names[i], null]);
  });

  it("says the DuckDB type of each column in its metadata", async () => {
    const [batch] = await batches("SELECT 1::HUGEINT h, uuid() u");
    const key = "ARROW:FLIGHT:SQL:TYPE_NAME";
    expect(batch!.schema.fields.map((field) => field.metadata.get(key))).toEqual(["HUGEINT", "UUID"]);
  });

  it("refuses an interval that nanoseconds cannot hold, and says what to do", async () => {
    await expect(batches("SELECT to_hours(3000000) i")).rejects.toThrow(/292 years.*VARCHAR/);
  });
});

describe("many chunks", () => {
  const sql = `SELECT i,
      CASE WHEN i % 7 = 0 THEN NULL ELSE i * 3 END AS n,
      CASE WHEN i % 3 = 0 THEN NULL ELSE repeat('ab', (i % 20)::INT) || i END AS s,
      CASE WHEN i % 5 = 0 THEN NULL ELSE i % 2 = 0 END AS b,
      CASE WHEN i % 11 = 0 THEN NULL ELSE list_transform(range(i % 4), lambda x: CASE WHEN x = 2 THEN NULL ELSE x + i END) END AS l,
      CASE WHEN i % 4 = 0 THEN NULL ELSE {'a': i, 't': ['t' || i, NULL]} END AS st,
      MAP {'k' || (i % 3): i} AS m,
      [i, NULL]::BIGINT[2] AS ar,
      (['x', 'y', 'z'])[1 + i % 3]::ENUM('x', 'y', 'z') AS e
    FROM range(20001) t(i) WHERE i % 97 <> 5 ORDER BY i`;

  it("are joined to what DuckDB reports for the same rows", async () => {
    const got = await spelled(sql);
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(sql);
    const expected = reader.convertRowObjects(JsonDuckDBValueConverter);
    connection.closeSync();
    instance.closeSync();
    // DuckDB's JSON spells 64-bit integers as strings and maps as lists of entries; so does this.
    const json = (value: unknown): unknown => {
      if (typeof value === "bigint") return String(value);
      if (value instanceof Map) return [...value].map(([key, v]) => ({ key: json(key), value: json(v) }));
      if (Array.isArray(value)) return value.map(json);
      if (value && typeof value === "object")
        return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, json(v)]));
      return value;
    };
    expect(got.length).toBe(expected.length);
    expect(got.map(json)).toEqual(expected);
  });

  it("make a small first batch, and larger ones later", async () => {
    const sizes = (await batches("SELECT i FROM range(400000) t(i)")).map(({ numRows }) => numRows);
    expect(sizes[0]).toBe(2048);
    expect(Math.max(...sizes)).toBeGreaterThan(30_000);
    expect(sizes.reduce((a, b) => a + b)).toBe(400_000);
  });

  it("are cut where rows are wide", async () => {
    const got = await batches("SELECT repeat('x', 400000) || i AS s FROM range(40) t(i)");
    for (const batch of got) expect(batch.numRows).toBeLessThanOrEqual(5);
    expect(new Table(got).toArray().map((row) => row.s.slice(-2))).toEqual(
      Array.from({ length: 40 }, (_, i) => `x${i}`.slice(-2)),
    );
  });
});

describe("statements", () => {
  it("of which there are several run in order; the last one's rows are the result", async () => {
    const rows = await spelled("SET VARIABLE a = 40; SELECT getvariable('a') + 2 AS answer");
    expect(rows).toEqual([{ answer: 42 }]);
  });

  it("that DuckDB itself makes several of have a result", async () => {
    const rows = await spelled("PIVOT (SELECT 'x' AS k, 1 AS v UNION ALL SELECT 'y', 2) ON k USING sum(v)");
    expect(rows).toEqual([{ x: "1", y: "2" }]);
  });

  it("that fail after their first rows are an error, with DuckDB's reason", async () => {
    const sql = "SELECT repeat('x', 100) AS s, (i / 100)::DECIMAL(4, 1) AS d FROM range(400000) t(i)";
    await expect(batches(sql)).rejects.toThrow(/Could not cast value 999\.95/);
  });
});

it("keeps no handle of a ticket's own making", async () => {
  const command = create(CommandStatementQuerySchema, { query: "SELECT 1 AS one" });
  const info = await backend.getFlightInfo!({ kind: "sql", message: command }, call);
  // Another server over the same data can redeem it.
  const other = await duckdbBackend();
  const { chunks } = await other.doGet!(readTicket(info.endpoint![0]!.ticket!.ticket!), call);
  for await (const { batch } of chunks) expect(batch!.getChildAt(0)!.get(0)).toBe(1);
  await other.close();
});
