import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  Date_,
  DateUnit,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Int32,
  Interval,
  IntervalUnit,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Precision,
  type RecordBatch,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
  Union,
  UnionMode,
  Utf8,
  Utf8View,
} from "apache-arrow";
import * as fc from "fast-check";
import { columnsToBatch } from "../../src/arrow/columns.ts";
import type { RowOptions } from "../../src/arrow/rows.ts";

/** A type, and values in the form in which reading with `exact` gives them. */
export interface Column {
  readonly type: DataType;
  readonly values: fc.Arbitrary<unknown>;
}

/** Options under which no value is changed: a Date would lose digits. */
export const exact: RowOptions = { timestamp: "bigint" };

const units = [TimeUnit.SECOND, TimeUnit.MILLISECOND, TimeUnit.MICROSECOND, TimeUnit.NANOSECOND] as const;
const perSecond = [1n, 1_000n, 1_000_000n, 1_000_000_000n];
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const days = fc.integer({ min: -20_000_000, max: 20_000_000 }).map((day) => new Date(day * 86_400_000));
const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme", maxLength: 30 }));
const bytes = fc.uint8Array({ maxLength: 40 }).map((b) => new Uint8Array(b));

function clock(unit: TimeUnit): fc.Arbitrary<string> {
  const digits = unit * 3;
  const pad = (n: bigint, width: number): string => String(n).padStart(width, "0");
  const per = perSecond[unit]!;
  return fc.bigInt({ min: 0n, max: 86_400n * per - 1n }).map((count) => {
    const seconds = count / per;
    const whole = `${pad(seconds / 3600n, 2)}:${pad((seconds / 60n) % 60n, 2)}:${pad(seconds % 60n, 2)}`;
    return digits === 0 ? whole : `${whole}.${pad(count % per, digits)}`;
  });
}

function decimal(bitWidth: number, precision: number, scale: number): Column {
  const limit = 10n ** BigInt(precision) - 1n;
  const values = fc.bigInt({ min: -limit, max: limit }).map((unscaled) => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale);
    return `${unscaled < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(-scale)}`}`;
  });
  return { type: new Decimal(scale, precision, bitWidth), values };
}

const integers: readonly Column[] = ([8, 16, 32] as const).flatMap((bits) => [
  { type: new Int(true, bits), values: fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }) },
  { type: new Int(false, bits), values: fc.integer({ min: 0, max: 2 ** bits - 1 }) },
]);

/** Every type that apache-arrow has, save those with others inside. */
export const flatColumns: readonly Column[] = [
  { type: new Null(), values: fc.constant(null) },
  { type: new Bool(), values: fc.boolean() },
  ...integers,
  { type: new Int(true, 64), values: int64 },
  { type: new Int(false, 64), values: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { type: new Float(Precision.HALF), values: fc.integer({ min: -2048, max: 2048 }) },
  { type: new Float(Precision.SINGLE), values: fc.float() },
  { type: new Float(Precision.DOUBLE), values: fc.double() },
  decimal(32, 9, 2),
  decimal(64, 18, 0),
  decimal(64, 17, 5),
  decimal(128, 38, 10),
  decimal(256, 76, 40),
  { type: new Utf8(), values: text },
  { type: new LargeUtf8(), values: text },
  { type: new Utf8View(), values: text },
  { type: new Binary(), values: bytes },
  { type: new LargeBinary(), values: bytes },
  { type: new BinaryView(), values: bytes },
  { type: new FixedSizeBinary(3), values: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((b) => new Uint8Array(b)) },
  { type: new Date_(DateUnit.DAY), values: days },
  { type: new Date_(DateUnit.MILLISECOND), values: days },
  ...units.map((unit) => ({ type: new Time(unit, unit < TimeUnit.MICROSECOND ? 32 : 64), values: clock(unit) })),
  ...units.map((unit) => ({ type: new Timestamp(unit, null), values: int64 })),
  { type: new Timestamp(TimeUnit.MICROSECOND, "Europe/Berlin"), values: int64 },
  ...units.map((unit) => ({ type: new Duration(unit), values: int64 })),
  {
    type: new Interval(IntervalUnit.MONTH_DAY_NANO),
    values: fc.record({ months: fc.integer(), days: fc.integer(), nanoseconds: int64 }, { noNullPrototype: true }),
  },
];

/** Types that pyarrow has no classes for. */
export const unknownToPyarrow: readonly Column[] = [
  {
    type: new Interval(IntervalUnit.YEAR_MONTH),
    values: fc.integer().map((months) => ({ months, days: 0, nanoseconds: 0n })),
  },
  {
    type: new Interval(IntervalUnit.DAY_TIME),
    values: fc
      .tuple(fc.integer(), fc.integer())
      .map(([d, ms]) => ({ months: 0, days: d, nanoseconds: BigInt(ms) * 1_000_000n })),
  },
];

const field = (name: string, { type }: Column): Field => new Field(name, type, true);
const orNull = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.option(values, { freq: 4 });
const items = (column: Column, minLength = 0, maxLength = 4): fc.Arbitrary<unknown[]> =>
  fc.array(orNull(column.values), { minLength, maxLength });

let dictionaries = 1000;

/** The types that are made of others. */
export function nest(inner: Column): Column[] {
  const pair = [field("a", inner), new Field("b", new Int(true, 16), true)];
  const entries = new Struct<{ key: DataType; value: DataType }>([
    new Field("key", new Utf8(), false),
    new Field("value", inner.type, true),
  ]);
  // Which child a value belongs to must follow from the value: booleans go to one, lists to the other.
  const either = [new Field("flag", new Bool(), true), new Field("items", new List(field("item", inner)), true)];
  const eitherValues = fc.oneof(fc.boolean(), items(inner));
  const nested: Column[] = [
    { type: new List(field("item", inner)), values: items(inner) },
    { type: new LargeList(field("item", inner)), values: items(inner) },
    { type: new FixedSizeList(2, field("item", inner)), values: items(inner, 2, 2) },
    {
      type: new Struct(pair),
      values: fc.record(
        { a: orNull(inner.values), b: orNull(fc.integer({ min: -9, max: 9 })) },
        { noNullPrototype: true },
      ),
    },
    {
      type: new Map_(new Field("entries", entries, false)),
      values: fc.array(fc.tuple(fc.string(), orNull(inner.values)), { maxLength: 3 }).map((list) => new Map(list)),
    },
    { type: new Union(UnionMode.Sparse, [3, 5], either), values: eitherValues },
    { type: new Union(UnionMode.Dense, [3, 5], either), values: eitherValues },
  ];
  // Objects are told apart by identity: a dictionary of them would only repeat them.
  if (inner.type instanceof Utf8 || inner.type instanceof Int || inner.type instanceof Decimal)
    nested.push({ type: new Dictionary(inner.type, new Int32(), dictionaries++), values: inner.values });
  return nested;
}

export interface Drawn {
  readonly batches: readonly RecordBatch[];
  /** By batch, the rows as arrays of column values. */
  readonly rows: readonly (readonly unknown[])[];
}

/** Batches of one schema: columns of the given types or made of them, whole and sliced. */
export function drawBatches(columns: readonly Column[]): fc.Arbitrary<Drawn> {
  const flat = fc.constantFrom(...columns);
  const once = flat.chain((column) => fc.constantFrom(...nest(column)));
  const twice = once.chain((column) => fc.constantFrom(...nest(column)));
  return fc
    .array(fc.oneof({ weight: 2, arbitrary: flat }, { weight: 3, arbitrary: once }, { weight: 1, arbitrary: twice }), {
      minLength: 1,
      maxLength: 3,
    })
    .chain((drawn) => {
      const row = fc.tuple(...drawn.map((column) => orNull(column.values)));
      const slice = fc.tuple(fc.nat(12), fc.nat(12));
      return fc.tuple(fc.constant(drawn), fc.array(row, { maxLength: 12 }), fc.array(slice, { maxLength: 2 }));
    })
    .map(([drawn, rows, slices]) => {
      const fields = drawn.map(({ type }, c) => new Field(`c${c}`, type, true));
      const whole = columnsToBatch(
        fields.map((f, c) => ({ field: f, values: rows.map((row) => row[c]), place: (i: number) => `row ${i}` })),
        rows.length,
      );
      return {
        batches: [whole, ...slices.map(([begin, length]) => whole.slice(begin, begin + length))],
        rows: [rows, ...slices.map(([begin, length]) => rows.slice(begin, begin + length))],
      };
    });
}
