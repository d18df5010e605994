import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Int32, Int64, makeVector, tableFromIPC, Utf8, vectorFromArray } from "apache-arrow";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import type { Batches } from "../../playground/batches.ts";
import { fileName, formats } from "../../playground/export/formats.ts";
import { pauses } from "../../playground/result/turns.ts";
import { batchesOf, manyTypes } from "./result-sample.ts";

async function exported(batches: Batches, name: string): Promise<Blob> {
  const format = formats.find((candidate) => candidate.name === name)!;
  return new Blob(await format.parts(batches, pauses()));
}

const small = batchesOf(
  {
    id: vectorFromArray([2n ** 63n - 1n, 42n, null], new Int64()),
    "a,b": vectorFromArray(['say "hi"', "", null], new Utf8()),
    line: vectorFromArray(["1\r\n2", "ä", "x"], new Utf8()),
  },
  2,
);

describe("a saved result", () => {
  it("is CSV as RFC 4180 has it", async () => {
    expect(await (await exported(small, "CSV")).text()).toBe(
      'id,"a,b",line\r\n9223372036854775807,"say ""hi""","1\r\n2"\r\n42,"",ä\r\n,,x\r\n',
    );
  });

  it("is JSON whose integers survive a reader with doubles", async () => {
    const text = await (await exported(small, "JSON")).text();
    expect(JSON.parse(text)).toEqual([
      { id: "9223372036854775807", "a,b": 'say "hi"', line: "1\r\n2" },
      { id: 42, "a,b": "", line: "ä" },
      { id: null, "a,b": null, line: "x" },
    ]);
    const lines = (await (await exported(small, "NDJSON")).text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(text));
  });

  it("is an Arrow stream with all of it, for every type", async () => {
    const batches = batchesOf(manyTypes(), 2);
    const table = tableFromIPC((await (await exported(batches, "Arrow")).bytes?.()) ?? new Uint8Array());
    expect(table.numRows).toBe(3);
    expect(table.schema.fields.map(String)).toEqual(batches.schema.fields.map(String));
    expect(table.getChild("i64")!.toJSON()).toEqual([2n ** 63n - 1n, 9007199254740993n, null]);
    expect(table.getChild("code")!.toJSON()).toEqual(["UA", "AA", null]);
  });

  it("is Parquet that other readers understand", async () => {
    const file = await (await exported(batchesOf(manyTypes(), 2), "Parquet")).arrayBuffer();
    const rows = await parquetReadObjects({ file });
    expect(rows[0]).toMatchObject({ i64: 2n ** 63n - 1n, words: 'a "b",\n c', code: "UA", yes: true });
    expect(rows[2]).toEqual(Object.fromEntries(Object.keys(manyTypes()).map((name) => [name, null])));
    const folder = await mkdtemp(join(tmpdir(), "flightsql-export-"));
    try {
      const path = join(folder, "result.parquet");
      await writeFile(path, new Uint8Array(file));
      const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
      const types = await duckdb.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${path}')`);
      expect(Object.fromEntries(types.getRows().map(([name, type]) => [name, type]))).toEqual({
        i8: "TINYINT",
        i32: "INTEGER",
        i64: "BIGINT",
        u32: "UINTEGER",
        u64: "UBIGINT",
        f32: "FLOAT",
        f64: "DOUBLE",
        yes: "BOOLEAN",
        money: "DECIMAL(38,3)",
        cents: "DECIMAL(9,2)",
        day: "DATE",
        seconds: "TIMESTAMP",
        micros: "TIMESTAMP WITH TIME ZONE",
        nanos: "TIMESTAMP_NS",
        clock: "TIME",
        span: "BIGINT",
        words: "VARCHAR",
        code: "VARCHAR",
        bytes: "BLOB",
        pair: "BLOB",
        list: "VARCHAR",
      });
      const read = await duckdb.runAndReadAll(
        `SELECT i8, i32, i64, u32, u64, f32, f64, yes, money::VARCHAR, cents::VARCHAR, day::VARCHAR, seconds::VARCHAR,
           epoch_us(micros), epoch_ns(nanos), clock::VARCHAR, span, words, code, hex(bytes), hex(pair), list
         FROM read_parquet('${path}')`,
      );
      expect(read.getRows()).toEqual([
        [
          -128,
          -(2 ** 31),
          2n ** 63n - 1n,
          4294967295,
          2n ** 64n - 1n,
          Math.fround(0.1),
          Number.NaN,
          true,
          "12.340",
          "19.99",
          "2024-02-29",
          "2023-11-14 22:13:20",
          1_700_000_000_123_456n,
          1_700_000_000_123_456_789n,
          "23:59:59.999999",
          1_500_000n,
          'a "b",\n c',
          "UA",
          "00FF",
          "0102",
          "[1,1152921504606846976]",
        ],
        [
          127,
          7,
          9007199254740993n,
          1,
          1n,
          -0,
          1 / 3,
          false,
          "-0.001",
          "-0.01",
          "1969-12-31",
          "1969-12-31 23:59:59",
          -1n,
          -1n,
          "00:00:00.000001",
          -1n,
          "",
          "AA",
          "",
          "0304",
          "[]",
        ],
        new Array(21).fill(null),
      ]);
      // What a reader leaves out because of the file's least and greatest values must not be there.
      const found = await duckdb.runAndReadAll(
        `SELECT count(*) FROM read_parquet('${path}') WHERE u64 > 9223372036854775808 AND u32 > 2147483648 AND money > 1 AND f32 > 0`,
      );
      expect(found.getRows()).toEqual([[1n]]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("has as few row groups as its rows need, however small the batches", async () => {
    const rows = 60_000;
    const batches = batchesOf({ n: makeVector(Int32Array.from({ length: rows }, (_, i) => i)) }, 1000);
    const file = await (await exported(batches, "Parquet")).arrayBuffer();
    const { row_groups, num_rows } = parquetMetadata(file);
    expect([row_groups.length, num_rows]).toEqual([3, BigInt(rows)]);
    const read = await parquetReadObjects({ file, rowStart: 49_999, rowEnd: 50_001 });
    expect(read).toEqual([{ n: 49_999 }, { n: 50_000 }]);
  });

  it.each(["CSV", "JSON", "NDJSON", "Arrow", "Parquet"])("may have no rows: %s", async (name) => {
    const empty = batchesOf({ n: vectorFromArray<Int32>([], new Int32()) });
    expect((await exported(empty, name)).size).toBeGreaterThan(name === "NDJSON" ? -1 : 0);
    if (name === "Parquet") {
      expect(parquetMetadata(await (await exported(empty, name)).arrayBuffer()).num_rows).toBe(0n);
    }
  });

  it("ends when told", async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    for (const format of formats) {
      await expect(format.parts(small, pauses(stop.signal))).rejects.toThrow("enough");
    }
  });
});

it.each([
  ["SELECT * FROM flights WHERE x = 1", "flights"],
  ['select a from "my schema"."Two Words" limit 3', "Two_Words"],
  ["SELECT '1 from nowhere' -- from elsewhere\nFROM main.weather", "weather"],
  ["SELECT 1", "result"],
  ['SELECT * FROM "../../etc"', "etc"],
])("%s is saved as %s", (statement, name) => {
  expect(fileName(statement)).toBe(name);
});
