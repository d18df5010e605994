import {
  Binary,
  Bool,
  type DataType,
  Field,
  Float,
  Int,
  Interval,
  IntervalUnit,
  List,
  Map_,
  Null,
  Precision,
  Struct,
  Timestamp,
  TimeUnit,
  Utf8,
} from "apache-arrow";
import { isInterval } from "./interval.ts";
import { isBytes, isDate, isList, isMap, isPlainObject, kindOfValue } from "./misfit.ts";
import { invalid, type Place } from "./place.ts";

/**
 * The Arrow type that holds all values of a column exactly, for servers that do not say what they expect.
 *
 * | values | type |
 * |---|---|
 * | only null | null |
 * | boolean | bool |
 * | bigint, and numbers without fraction up to 2^53 | int64; uint64 when one is beyond int64 and none negative |
 * | other numbers, also among integers that a double holds | float64 |
 * | string | utf8 |
 * | Date | timestamp in milliseconds, UTC |
 * | Uint8Array, ArrayBuffer | binary |
 * | array; other typed arrays | list of the items' type; of the array's own type |
 * | `{ months, days, nanoseconds }` as intervals are read | interval of months, days and nanoseconds |
 * | other plain objects, Map | struct, map |
 *
 * @throws FlightSqlError `invalid_argument` for values that have no such type or no common one
 */
export function inferType(values: readonly unknown[], place: Place): DataType {
  const present: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] !== null && values[i] !== undefined) present.push(i);
  const first = present[0];
  if (first === undefined) return new Null();
  const kind = kindOf(values[first], first, place);
  for (const i of present) {
    const other = kindOf(values[i], i, place);
    if (other !== kind)
      throw invalid(place(i), values[i], "this column", `a ${kindOfValue(values[first])} came before`);
  }
  return types[kind](values, present, place);
}

type Kind = keyof typeof types;

function kindOf(value: unknown, i: number, place: Place): Kind {
  if (typeof value === "boolean" || typeof value === "string") return typeof value as "boolean" | "string";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (isBytes(value) || value instanceof ArrayBuffer) return "bytes";
  if (isDate(value)) return "date";
  if (isList(value)) return "list";
  if (isMap(value)) return "map";
  if (isInterval(value)) return "interval";
  if (isPlainObject(value)) return "object";
  throw invalid(
    place(i),
    value,
    "any Arrow type",
    "give null, a boolean, number, bigint, string, Date, Uint8Array, array, Map or plain object",
  );
}

type Infer = (values: readonly unknown[], present: readonly number[], place: Place) => DataType;

const types: Readonly<
  Record<"boolean" | "string" | "number" | "bytes" | "date" | "list" | "map" | "interval" | "object", Infer>
> = {
  boolean: () => new Bool(),
  string: () => new Utf8(),
  number: numberType,
  bytes: () => new Binary(),
  date: () => new Timestamp(TimeUnit.MILLISECOND, "UTC"),
  interval: () => new Interval(IntervalUnit.MONTH_DAY_NANO),
  list: listType,
  map(values, present, place) {
    const maps = present.map((i) => values[i] as ReadonlyMap<unknown, unknown>);
    const rows = maps.flatMap((map, m) => Array<number>(map.size).fill(present[m]!));
    const part = (items: readonly unknown[], name: string): DataType =>
      inferType(items, (i) => `${place(rows[i]!)}, in a ${name} of the map`);
    const key = part(
      maps.flatMap((map) => [...map.keys()]),
      "key",
    );
    const value = part(
      maps.flatMap((map) => [...map.values()]),
      "value",
    );
    // Map.fbs: the entries are a struct that is never null, and neither is a key.
    const entry = new Struct<{ key: DataType; value: DataType }>([
      new Field("key", key, false),
      new Field("value", value, true),
    ]);
    return new Map_(new Field("entries", entry, false));
  },
  object(values, present, place) {
    const objects = present.map((i) => values[i] as Readonly<Record<string, unknown>>);
    const names = new Set(objects.flatMap((object) => Object.keys(object)));
    const at = (name: string): Place => {
      return (i) => `${place(present[i]!)}, in ${JSON.stringify(name)}`;
    };
    const column = (name: string): unknown[] => objects.map((o) => (Object.hasOwn(o, name) ? o[name] : null));
    return new Struct([...names].map((name) => new Field(name, inferType(column(name), at(name)), true)));
  },
};

function numberType(values: readonly unknown[], present: readonly number[], place: Place): DataType {
  let min = 0n;
  let max = 0n;
  let isFloat = false;
  for (const i of present) {
    const value = values[i] as number | bigint;
    // -0 is a float: an integer would lose its sign.
    if (typeof value === "number" && (!Number.isSafeInteger(value) || Object.is(value, -0))) isFloat = true;
    else if (typeof value === "bigint" || value < min || value > max) {
      const whole = BigInt(value);
      if (whole < min) min = whole;
      if (whole > max) max = whole;
    }
  }
  // Whether a double holds every bigint of the column is checked when they are written.
  if (isFloat) return new Float(Precision.DOUBLE);
  if (min >= -(2n ** 63n) && max < 2n ** 63n) return new Int(true, 64);
  if (min === 0n && max < 2n ** 64n) return new Int(false, 64);
  const culprit = present.find((i) => values[i] === min || values[i] === max) ?? present[0]!;
  throw invalid(place(culprit), values[culprit], "int64 or uint64", "give a decimal as a string, or an Arrow batch");
}

const itemTypes: ReadonlyMap<string, () => DataType> = new Map<string, () => DataType>([
  ["Int8Array", () => new Int(true, 8)],
  ["Int16Array", () => new Int(true, 16)],
  ["Int32Array", () => new Int(true, 32)],
  ["BigInt64Array", () => new Int(true, 64)],
  ["Uint8ClampedArray", () => new Int(false, 8)],
  ["Uint16Array", () => new Int(false, 16)],
  ["Uint32Array", () => new Int(false, 32)],
  ["BigUint64Array", () => new Int(false, 64)],
  ["Float32Array", () => new Float(Precision.SINGLE)],
  ["Float64Array", () => new Float(Precision.DOUBLE)],
]);

function listType(values: readonly unknown[], present: readonly number[], place: Place): DataType {
  const kinds = new Set(present.map((i) => kindOfValue(values[i])));
  const own = kinds.size === 1 ? itemTypes.get([...kinds][0]!) : undefined;
  if (own !== undefined) return new List(new Field("item", own(), true));
  const items: unknown[] = [];
  const rows: number[] = [];
  for (const i of present) {
    for (const item of Array.from(values[i] as ArrayLike<unknown>)) {
      items.push(item ?? null);
      rows.push(i);
    }
  }
  return new List(
    new Field(
      "item",
      inferType(items, (i) => `${place(rows[i]!)}, in an item`),
      true,
    ),
  );
}
