import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationSecond,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  Timestamp,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Utf8View,
} from "apache-arrow";
import { expect, test } from "vitest";
import type { SqlType } from "../../src/dbapi/index.ts";
import { connectedTo } from "./connected.ts";
import { database } from "./database.ts";

const item = new Field("item", new Utf8());
const entries = new Field(
  "entries",
  new Struct<{ key: Utf8; value: Int32 }>([new Field("key", new Utf8()), new Field("value", new Int32())]),
);

const types: readonly (readonly [string, DataType, SqlType])[] = [
  // As flightsql-dbapi has them.
  ["timestamp", new Timestamp(TimeUnit.NANOSECOND), "TIMESTAMP"],
  ["timestamp of a zone", new Timestamp(TimeUnit.SECOND, "UTC"), "TIMESTAMP"],
  ["time32[s]", new TimeSecond(), "TIME"],
  ["time32[ms]", new TimeMillisecond(), "TIME"],
  ["time64[us]", new TimeMicrosecond(), "TIME"],
  ["time64[ns]", new TimeNanosecond(), "TIME"],
  ["date32", new DateDay(), "DATE"],
  ["date64", new DateMillisecond(), "DATE"],
  ["binary", new Binary(), "BINARY"],
  ["bool", new Bool(), "BOOLEAN"],
  ["float16", new Float16(), "FLOAT"],
  ["float32", new Float32(), "FLOAT"],
  ["float64", new Float64(), "FLOAT"],
  ["utf8", new Utf8(), "TEXT"],
  ["int8", new Int8(), "INTEGER"],
  ["int16", new Int16(), "INTEGER"],
  ["int32", new Int32(), "INTEGER"],
  ["int64", new Int64(), "BIGINT"],
  ["uint8", new Uint8(), "INTEGER"],
  ["uint16", new Uint16(), "INTEGER"],
  ["uint32", new Uint32(), "INTEGER"],
  ["uint64", new Uint64(), "BIGINT"],
  // What it has no words for.
  ["large_utf8", new LargeUtf8(), "TEXT"],
  ["utf8_view", new Utf8View(), "TEXT"],
  ["large_binary", new LargeBinary(), "BINARY"],
  ["binary_view", new BinaryView(), "BINARY"],
  ["dictionary", new Dictionary(new Utf8(), new Int32()), "TEXT"],
  ["list", new List(item), "ARRAY"],
  ["fixed-size list", new FixedSizeList(2, item), "ARRAY"],
  ["struct", new Struct([item]), "STRUCT"],
  ["map", new Map_(entries), "MAP"],
  ["duration", new DurationSecond(), "INTERVAL"],
  ["interval", new IntervalMonthDayNano(), "INTERVAL"],
  ["null", new Null(), "NULL"],
];

test.each(types)("%s is described by seven items", async (_, type, sqlType) => {
  const schema = new Schema([new Field("c", type, true), new Field("required", new Int32(), false)]);
  const { connection } = connectedTo(database({ schema, batches: [] }), { autocommit: true });
  const { description } = await connection.execute("SELECT c");
  expect(description).toEqual([
    ["c", sqlType, null, null, null, null, true],
    ["required", "INTEGER", null, null, null, null, false],
  ]);
});

test("precision, scale and size where the type has them, in a dictionary too", async () => {
  const schema = new Schema([
    new Field("price", new Decimal(2, 10, 128), false),
    new Field("coded", new Dictionary(new Decimal(-2, 20, 128), new Int8()), false),
    new Field("uuid", new FixedSizeBinary(16), false),
  ]);
  const { connection } = connectedTo(database({ schema, batches: [] }), { autocommit: true });
  const { description } = await connection.execute("SELECT c");
  expect(description).toEqual([
    ["price", "DECIMAL", null, null, 10, 2, false],
    ["coded", "DECIMAL", null, null, 20, -2, false],
    ["uuid", "BINARY", null, 16, null, null, false],
  ]);
});
