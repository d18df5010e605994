import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  IntervalMonthDayNano,
  List,
  Map_,
  makeData,
  Null,
  Struct,
  TimeMicrosecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint64,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { describe, expect, it } from "vitest";
import { cellText, groupDigits, isNumeric, valueText } from "../../playground/format.ts";
import { columnHint, typeName } from "../../playground/type-name.ts";

function texts(data: Data): (string | null)[] {
  return Array.from({ length: data.length }, (_, index) => valueText(data, index));
}

const thirdIsNull = new Uint8Array([0b1011]);

describe("the text of a value", () => {
  it("has every digit of 64-bit integers", () => {
    const data = new BigInt64Array([2n ** 63n - 1n, -(2n ** 63n), 0n, 2n ** 53n + 1n]);
    expect(texts(makeData({ type: new Int64(), nullBitmap: thirdIsNull, data }))).toEqual([
      "9223372036854775807",
      "-9223372036854775808",
      null,
      "9007199254740993",
    ]);
    expect(texts(makeData({ type: new Uint64(), data: new BigUint64Array([2n ** 64n - 1n]) }))).toEqual([
      "18446744073709551615",
    ]);
  });

  it("has the scale of decimals", () => {
    const words = new Uint32Array([12_340, 0, 0, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
    expect(texts(makeData({ type: new Decimal(3, 38, 128), data: words }))).toEqual(["12.340", "-0.001"]);
    const narrow = new Uint32Array([0xffffffff, 0xffffffff]);
    expect(texts(makeData({ type: new Decimal(4, 18, 64), data: narrow }))).toEqual(["-0.0001"]);
  });

  it("is the shortest that reads back as the float", () => {
    expect(texts(makeData({ type: new Float32(), data: new Float32Array([0.1, 16777216, Number.NaN, -0]) }))).toEqual([
      "0.1",
      "16777216",
      "NaN",
      "-0",
    ]);
    expect(
      texts(makeData({ type: new Float64(), data: new Float64Array([0.1, 1 / 3, Number.NEGATIVE_INFINITY]) })),
    ).toEqual(["0.1", "0.3333333333333333", "-Infinity"]);
  });

  it("has as many digits of a second as the unit, and a Z with a zone", () => {
    const data = new BigInt64Array([1n, -1n, 2n ** 63n - 1n]);
    expect(texts(makeData({ type: new TimestampNanosecond("Europe/Berlin"), data }))).toEqual([
      "1970-01-01T00:00:00.000000001Z",
      "1969-12-31T23:59:59.999999999Z",
      "2262-04-11T23:47:16.854775807Z",
    ]);
    expect(texts(makeData({ type: new TimestampSecond(), data: new BigInt64Array([-62_167_219_201n]) }))).toEqual([
      "-000001-12-31T23:59:59",
    ]);
    expect(texts(makeData({ type: new DateDay(), data: new Int32Array([0, 19_782, -1]) }))).toEqual([
      "1970-01-01",
      "2024-02-29",
      "1969-12-31",
    ]);
    expect(texts(makeData({ type: new TimeMicrosecond(), data: new BigInt64Array([86_399_999_999n]) }))).toEqual([
      "23:59:59.999999",
    ]);
  });

  it("has the parts of an interval", () => {
    const data = new Int32Array([14, -3, 5, 1]);
    expect(texts(makeData({ type: new IntervalMonthDayNano(), data }))).toEqual(["P14M-3DT4.294967301S"]);
  });

  it("is the value of a dictionary's key", () => {
    const dictionary = vectorFromArray(["AA", "UA"], new Utf8());
    const type = new Dictionary(new Utf8(), new Int32());
    expect(texts(makeData({ type, nullBitmap: thirdIsNull, data: new Int32Array([1, 0, 0, 1]), dictionary }))).toEqual([
      "UA",
      "AA",
      null,
      "UA",
    ]);
  });

  it("is hex for bytes, cut in a cell when long", () => {
    const valueOffsets = new Int32Array([0, 2, 2, 1002]);
    const bytes = makeData({ type: new Binary(), valueOffsets, data: new Uint8Array(1002).fill(255) });
    expect(texts(bytes)).toEqual(["ffff", "", "ff".repeat(1000)]);
    expect(cellText(bytes, 2)).toBe(`${"ff".repeat(64)}… (1000 bytes)`);
  });

  it("is null for a null, and empty for an empty text", () => {
    expect(texts(makeData({ type: new Null(), length: 2 }))).toEqual([null, null]);
    expect(texts(vectorFromArray(["", null, "null"], new Utf8()).data[0]!)).toEqual(["", null, "null"]);
    expect(
      texts(makeData({ type: new Bool(), nullBitmap: thirdIsNull, length: 4, data: new Uint8Array([5]) })),
    ).toEqual(["true", "false", null, "false"]);
  });

  it("is JSON for what is nested, exact inside", () => {
    const big = makeData({
      type: new Int64(),
      nullBitmap: thirdIsNull,
      data: new BigInt64Array([2n ** 63n - 1n, 1n, 2n, 3n]),
    });
    const list = new List(new Field("item", new Int64()));
    expect(texts(makeData({ type: list, valueOffsets: new Int32Array([0, 3, 3, 4]), child: big }))).toEqual([
      "[9223372036854775807,1,null]",
      "[]",
      "[3]",
    ]);
    const text = vectorFromArray(['a "b"', "c"], new Utf8()).data[0]!;
    const two = big.slice(0, 2);
    const struct = new Struct([new Field("n", new Int64()), new Field("t", new Utf8())]);
    const entries = makeData({ type: struct, length: 2, nullCount: 0, children: [two, text] });
    expect(texts(entries)).toEqual(['{"n":9223372036854775807,"t":"a \\"b\\""}', '{"n":1,"t":"c"}']);
    const pairs = makeData({
      type: new Struct([new Field("key", new Utf8()), new Field("value", new Int64())]),
      length: 2,
      nullCount: 0,
      children: [text, two],
    });
    const map = new Map_(new Field("entries", pairs.type));
    expect(texts(makeData({ type: map, valueOffsets: new Int32Array([0, 2]), child: pairs }))).toEqual([
      '{"a \\"b\\"":9223372036854775807,"c":1}',
    ]);
  });
});

it("groups the digits of whole parts only", () => {
  expect(groupDigits("9223372036854775807")).toBe("9 223 372 036 854 775 807".replaceAll(" ", "\u202f"));
  expect(groupDigits("-12345.678901")).toBe("-12\u202f345.678901");
  expect(groupDigits("1999")).toBe("1999");
  expect(groupDigits("1e+21")).toBe("1e+21");
  expect(groupDigits("NaN")).toBe("NaN");
});

it("names types in Arrow's words", () => {
  const types: [DataType, string][] = [
    [new Uint64(), "uint64"],
    [new Decimal(3, 38, 128), "decimal128(38, 3)"],
    [new TimestampNanosecond("UTC"), "timestamp[ns, UTC]"],
    [new Dictionary(new Utf8(), new Int32()), "dictionary<utf8>"],
    [new List(new Field("item", new Struct([new Field("x", new Float32())]))), "list<struct<x: float32>>"],
    [new Bool(), "bool"],
  ];
  for (const [type, name] of types) expect(typeName(type)).toBe(name);
  expect(isNumeric(new Decimal(3, 38, 128))).toBe(true);
  expect(isNumeric(new Dictionary(new Int64(), new Int32()))).toBe(true);
  expect(isNumeric(new Utf8())).toBe(false);
});

it("tells what the schema says of a column", () => {
  const metadata = new Map([["ARROW:extension:name", "arrow.json"]]);
  expect(columnHint(new Field("price", new Decimal(2, 9, 128), false))).toBe(
    "price: decimal128(9, 2)\nDECIMAL(9, 2) · not null",
  );
  expect(columnHint(new Field("doc", new List(new Field("item", new Utf8())), true, metadata))).toBe(
    "doc: list<utf8>\nVARCHAR[] · nullable\nARROW:extension:name = arrow.json",
  );
  expect(columnHint(new Field("at", new TimestampNanosecond("UTC"), true))).toContain("TIMESTAMP(9) WITH TIME ZONE");
});
