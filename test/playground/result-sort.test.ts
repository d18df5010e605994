import {
  Bool,
  type DataType,
  Decimal,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  makeData,
  makeVector,
  Schema,
  TimestampNanosecond,
  Uint32,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { describe, expect, it } from "vitest";
import { Batches } from "../../playground/batches.ts";
import { cellText } from "../../playground/format.ts";
import { sortedRows } from "../../playground/result/sort.ts";
import { pauses } from "../../playground/result/turns.ts";
import { recordBatch } from "./scripted-backend.ts";

function resultOf(...parts: Vector[]): Batches {
  const schema = new Schema([new Field("v", parts[0]!.type as DataType, true)]);
  const batches = new Batches(schema);
  for (const part of parts) batches.push(recordBatch(schema, [part]));
  return batches;
}

async function sorted(batches: Batches, descending = false): Promise<(string | null)[]> {
  const order = await sortedRows(batches, { column: 0, descending }, pauses());
  return [...order].map((row) => {
    const { data, index } = batches.at(row, 0)!;
    return cellText(data, index);
  });
}

describe("a sorted column", () => {
  it("is exact for 64-bit integers, over batches, nulls last both ways", async () => {
    const batches = resultOf(
      vectorFromArray([2n ** 63n - 1n, null, 2n ** 53n + 1n, -1n], new Int64()),
      vectorFromArray([2n ** 53n, -(2n ** 63n), null, 0n], new Int64()),
    );
    const up = ["-9223372036854775808", "-1", "0", "9007199254740992", "9007199254740993", "9223372036854775807"];
    expect(await sorted(batches)).toEqual([...up, null, null]);
    expect(await sorted(batches, true)).toEqual([...up.reverse(), null, null]);
  });

  it("has unsigned numbers unsigned and small ones signed", async () => {
    expect(await sorted(resultOf(makeVector(new BigUint64Array([2n ** 64n - 1n, 0n, 2n ** 63n]))))).toEqual([
      "0",
      "9223372036854775808",
      "18446744073709551615",
    ]);
    expect(await sorted(resultOf(makeVector(new Uint32Array([4294967295, 0, 2147483648]))))).toEqual([
      "0",
      "2147483648",
      "4294967295",
    ]);
    expect(await sorted(resultOf(makeVector(new Int8Array([5, -128, 127, -1]))), true)).toEqual([
      "127",
      "5",
      "-1",
      "-128",
    ]);
    expect([new Uint64(), new Uint32(), new Int8(), new Int32()].map(String)).toHaveLength(4);
  });

  it.each([
    ["double", Float64Array, new Float64()],
    ["single", Float32Array, new Float32()],
  ] as const)("has NaN behind the numbers in both directions: %s", async (_name, array, type) => {
    const values = [Number.NaN, 1.5, Number.NEGATIVE_INFINITY, -0, 0, -1.5, Number.POSITIVE_INFINITY, 1e-30, -1e-30];
    const batches = resultOf(vectorFromArray([...array.from(values), null], type));
    const tiny = type instanceof Float32 ? ["1e-30", "-1e-30"] : ["1e-30", "-1e-30"];
    expect(await sorted(batches)).toEqual([
      "-Infinity",
      "-1.5",
      tiny[1]!,
      "-0",
      "0",
      tiny[0]!,
      "1.5",
      "Infinity",
      "NaN",
      null,
    ]);
    // Equal values stay as they came: -0 equals 0.
    expect(await sorted(batches, true)).toEqual([
      "Infinity",
      "1.5",
      tiny[0]!,
      "-0",
      "0",
      tiny[1]!,
      "-1.5",
      "-Infinity",
      "NaN",
      null,
    ]);
  });

  it("compares strings by code unit", async () => {
    // By code point U+FF5E comes before U+1F600, by UTF-16 unit behind it.
    const words = ["b", "", "～", "😀", "a", "ab", "B"];
    const batches = resultOf(vectorFromArray([...words, null, "a"], new Utf8()));
    expect(await sorted(batches)).toEqual([...[...words, "a"].sort(), null]);
    expect(await sorted(batches, true)).toEqual([...[...words, "a"].sort().reverse(), null]);
  });

  it("goes by the values of a dictionary, not by its keys", async () => {
    const dictionary = vectorFromArray(["UA", "AA", "DL"], new Utf8());
    const type = new Dictionary(new Utf8(), new Int32());
    const data = makeData({ type, data: new Int32Array([0, 1, 2, 0]), nullCount: 0, dictionary });
    expect(await sorted(resultOf(makeVector(data)))).toEqual(["AA", "DL", "UA", "UA"]);
    const numbers = vectorFromArray([100n, -5n, 20n], new Int64());
    const numeric = makeData({
      type: new Dictionary(new Int64(), new Int32()),
      data: new Int32Array([0, 1, 2]),
      nullCount: 0,
      dictionary: numbers,
    });
    expect(await sorted(resultOf(makeVector(numeric)))).toEqual(["-5", "20", "100"]);
  });

  it("knows decimals of 128 bits, timestamps and booleans", async () => {
    const words = new Uint32Array([12_340, 0, 0, 0, ...new Array(4).fill(0xffffffff), 0, 0, 1, 0]);
    const decimals = makeVector(makeData({ type: new Decimal(3, 38, 128), data: words, nullCount: 0 }));
    expect(await sorted(resultOf(decimals))).toEqual(["-0.001", "12.340", "18446744073709551.616"]);
    const times = makeData({ type: new TimestampNanosecond(), data: new BigInt64Array([1n, -1n, 0n]), nullCount: 0 });
    expect(await sorted(resultOf(makeVector(times)))).toEqual([
      "1969-12-31T23:59:59.999999999",
      "1970-01-01T00:00:00.000000000",
      "1970-01-01T00:00:00.000000001",
    ]);
    const truths = makeData({ type: new Bool(), length: 3, data: new Uint8Array([0b101]), nullCount: 0 });
    expect(await sorted(resultOf(makeVector(truths)))).toEqual(["false", "true", "true"]);
  });

  it("leaves equal rows as they came, of more rows than one step", async () => {
    const rows = 100_000;
    const batches = resultOf(makeVector(Int32Array.from({ length: rows }, (_, i) => i % 7)));
    const order = await sortedRows(batches, { column: 0, descending: true }, pauses());
    for (let i = 1; i < rows; i++) {
      const [before, row] = [order[i - 1]!, order[i]!];
      expect(before % 7 === row % 7 ? row > before : before % 7 > row % 7).toBe(true);
    }
  });

  it("sorts many different strings, in slices that end when told", async () => {
    const strings = Array.from({ length: 20_000 }, (_, i) => `key ${(i * 7919) % 20_000}`);
    const batches = resultOf(vectorFromArray(strings, new Utf8()));
    expect(await sorted(batches)).toEqual([...strings].sort());
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await expect(sortedRows(batches, { column: 0, descending: false }, pauses(stop.signal))).rejects.toThrow("enough");
  });
});

it("sorts nothing", async () => {
  const batches = new Batches(new Schema([new Field("v", new Int64(), true)]));
  expect(await sorted(batches)).toEqual([]);
});
