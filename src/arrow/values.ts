import {
  type BinaryView,
  type Data,
  DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Dictionary,
  type Field,
  type FixedSizeBinary,
  type FixedSizeList,
  type Float,
  type Int,
  type Interval as IntervalType,
  Precision,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
  type Union,
  UnionMode,
  type Vector,
} from "apache-arrow";
import { formatDecimal, unscaledReader } from "./decimal.ts";
import { halfToNumber } from "./half.ts";
import { intervalReader } from "./interval.ts";
import { distinctNames, objectReader } from "./objects.ts";
import { daysToMs, formatTime, formatTimestamp, millisecondReader, startOfDay, toDate } from "./temporal.ts";
import { decode, textReader } from "./text.ts";

/** How the types with more than one sensible JS form are given. */
export interface ValueOptions {
  /** int64 and uint64. `"number"` throws for a value that a number cannot hold exactly. Default `"bigint"`. */
  int64?: "bigint" | "number" | "string";
  /** decimal32 to decimal256. `"string"` is exact, `"number"` the nearest double. Default `"string"`. */
  decimal?: "string" | "number";
  /** `"date"` is floored to the millisecond, `"bigint"` is the count in the column's unit, `"string"` is ISO 8601 with all digits. Default `"date"`. */
  timestamp?: "date" | "bigint" | "string";
}

/** Months, days and nanoseconds of an interval, none of which converts to another. */
export interface Interval {
  months: number;
  days: number;
  nanoseconds: bigint;
}

/** Reads the value of one row. */
export type ValueReader = (row: number) => unknown;

/**
 * A reader of the rows `begin` to `end` of a column: the one table of how Arrow values look in JavaScript.
 *
 * @param column the column's name, for errors
 */
export function valueReader(
  data: Data,
  begin: number,
  end: number,
  column: string,
  options: ValueOptions,
): ValueReader {
  const read = presentValueReader(data, begin, end, column, options);
  const { nullBitmap, offset } = data;
  // Unions have no validity of their own, and a Null column's reader answers null itself.
  if (DataType.isUnion(data.type) || data.nullCount === 0 || !(nullBitmap?.length > 0)) return read;
  return (i) => {
    const bit = offset + i;
    return ((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) === 0 ? null : read(i);
  };
}

/** As `valueReader`, for rows that are known not to be null. */
function presentValueReader(
  data: Data,
  begin: number,
  end: number,
  column: string,
  options: ValueOptions,
): ValueReader {
  const { type, values } = data;
  switch (type.typeId as Type) {
    case Type.Null:
      return () => null;
    case Type.Bool: {
      const { offset } = data;
      return (i) => ((values[(offset + i) >> 3] >> ((offset + i) & 7)) & 1) === 1;
    }
    case Type.Int:
      return (type as Int).bitWidth === 64 ? int64Reader(values, column, options) : (i) => values[i];
    case Type.Float:
      return (type as Float).precision === Precision.HALF ? (i) => halfToNumber(values[i]) : (i) => values[i];
    case Type.Decimal:
      return decimalReader(values, type as Decimal, options);
    case Type.Utf8:
    case Type.LargeUtf8:
      return textReader(values, data.valueOffsets, begin, end, column);
    case Type.Binary:
    case Type.LargeBinary: {
      const { valueOffsets } = data;
      return (i) => new Uint8Array(values.subarray(Number(valueOffsets[i]), Number(valueOffsets[i + 1])));
    }
    case Type.Utf8View: {
      const view = viewReader(data as Data<BinaryView>);
      return (i) => {
        const bytes = view(i);
        return decode(bytes, 0, bytes.byteLength, column);
      };
    }
    case Type.BinaryView: {
      const view = viewReader(data as Data<BinaryView>);
      return (i) => new Uint8Array(view(i));
    }
    case Type.FixedSizeBinary: {
      const { byteWidth } = type as FixedSizeBinary;
      return (i) => new Uint8Array(values.subarray(i * byteWidth, (i + 1) * byteWidth));
    }
    case Type.Date: {
      if ((type as Date_).unit === DateUnit.DAY) return (i) => toDate(daysToMs(values[i]), column, "");
      const ms = millisecondReader(words(values), TimeUnit.MILLISECOND);
      return (i) => toDate(startOfDay(ms(i)), column, "");
    }
    case Type.Timestamp:
      return timestampReader(values, type as Timestamp, column, options);
    case Type.Time:
      return (i) => formatTime(BigInt(values[i]), (type as Time).unit);
    case Type.Duration:
      return (i) => values[i];
    case Type.Interval:
      return intervalReader(words(values), (type as IntervalType).unit);
    case Type.List:
    case Type.LargeList: {
      const range = childRange(data, begin, end);
      const read = valueReader(data.children[0]!, range.begin, range.end, column, options);
      const { valueOffsets } = data;
      return (i) => readRange(read, Number(valueOffsets[i]), Number(valueOffsets[i + 1]));
    }
    case Type.FixedSizeList: {
      const { listSize } = type as FixedSizeList;
      const read = valueReader(data.children[0]!, begin * listSize, end * listSize, column, options);
      return (i) => readRange(read, i * listSize, (i + 1) * listSize);
    }
    case Type.Struct:
      return structReader(data, begin, end, column, options);
    case Type.Map:
      return mapReader(data, begin, end, column, options);
    case Type.Union:
      return unionReader(data as Data<Union>, begin, end, column, options);
    case Type.Dictionary:
      return dictionaryReader(data as Data<Dictionary>, column, options);
    default:
      throw new TypeError(`column "${column}" has type ${type}, which has no JavaScript value`);
  }
}

function int64Reader(values: BigInt64Array | BigUint64Array, column: string, options: ValueOptions): ValueReader {
  if (options.int64 === "string") return (i) => String(values[i]);
  if (options.int64 !== "number") return (i) => values[i];
  return (i) => {
    const value = Number(values[i]);
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(
        `${values[i]} in column "${column}" is beyond 2^53: read it with int64: "bigint" or "string"`,
      );
    }
    return value;
  };
}

function decimalReader(values: Uint32Array, type: Decimal, options: ValueOptions): ValueReader {
  const unscaled = unscaledReader(words(values), type.bitWidth >> 5);
  const { scale } = type;
  if (options.decimal !== "number") return (i) => formatDecimal(unscaled(i), scale);
  return (i) => Number(formatDecimal(unscaled(i), scale));
}

function timestampReader(values: BigInt64Array, type: Timestamp, column: string, options: ValueOptions): ValueReader {
  if (options.timestamp === "bigint") return (i) => values[i];
  if (options.timestamp === "string") {
    const zoned = Boolean(type.timezone);
    return (i) => formatTimestamp(values[i]!, type.unit, zoned);
  }
  const ms = millisecondReader(words(values), type.unit);
  return (i) => toDate(ms(i), column, ': read it with timestamp: "bigint" or "string"');
}

// Columnar.rst, variable-size binary view: [i32 length] then 12 bytes inline, or [prefix] [i32 buffer] [i32 offset].
function viewReader(data: Data<BinaryView>): (row: number) => Uint8Array {
  const views = data.values as Uint8Array;
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  return (i) => {
    const at = i * 16;
    const length = view.getInt32(at, true);
    if (length <= 12) return views.subarray(at + 4, at + 4 + length);
    const start = view.getInt32(at + 12, true);
    return data.variadicBuffers[view.getInt32(at + 8, true)]!.subarray(start, start + length);
  };
}

function structReader(data: Data, begin: number, end: number, column: string, options: ValueOptions): ValueReader {
  const fields = data.type.children as Field[];
  const names = distinctNames(fields.map((f) => f.name));
  const readers = data.children.map((c, i) => valueReader(c, begin, end, `${column}.${names[i]}`, options));
  return objectReader(names, readers);
}

function mapReader(data: Data, begin: number, end: number, column: string, options: ValueOptions): ValueReader {
  const { valueOffsets } = data;
  const range = childRange(data, begin, end);
  const [keys, values] = data.children[0]!.children;
  const key = valueReader(keys!, range.begin, range.end, `${column}.key`, options);
  const value = valueReader(values!, range.begin, range.end, `${column}.value`, options);
  return (row) => {
    const map = new Map<unknown, unknown>();
    const stop = Number(valueOffsets[row + 1]);
    for (let i = Number(valueOffsets[row]); i < stop; i++) map.set(key(i), value(i));
    return map;
  };
}

function unionReader(
  data: Data<Union>,
  begin: number,
  end: number,
  column: string,
  options: ValueOptions,
): ValueReader {
  const { type, typeIds, valueOffsets } = data;
  const dense = type.mode === UnionMode.Dense;
  const readers: ValueReader[] = [];
  type.typeIds.forEach((id, i) => {
    const child = data.children[i]!;
    readers[id] = dense
      ? valueReader(child, 0, child.length, column, options)
      : valueReader(child, begin, end, column, options);
  });
  return (i) => readers[typeIds[i]!]!(dense ? valueOffsets[i]! : i);
}

function dictionaryReader(data: Data<Dictionary>, column: string, options: ValueOptions): ValueReader {
  const { values } = data as { values: Int32Array | BigInt64Array | BigUint64Array };
  // Batches that others read may have 64-bit keys still.
  const keys = values.BYTES_PER_ELEMENT === 8 ? Float64Array.from(values, Number) : (values as Int32Array);
  const dictionary = data.dictionary as Vector;
  const { known, lookUp } = entriesOf(dictionary, column, options);
  return (i) => {
    const key = keys[i]!;
    const value = known[key];
    if (value !== undefined) return value;
    if (!(key >= 0 && key < dictionary.length))
      throw new RangeError(`key ${key} of column "${column}" is not in its dictionary of ${dictionary.length}`);
    const fresh = lookUp(key);
    // Objects are made anew each time, so that no two rows share one that a caller may change.
    if (typeof fresh !== "object" || fresh === null) known[key] = fresh;
    return fresh;
  };
}

interface Entries {
  readonly lookUp: ValueReader;
  /** Those that have been read. */
  readonly known: unknown[];
}

// A dictionary serves many batches, and each of them many slices of rows: it is decoded once.
const entriesOfDictionaries = new WeakMap<Vector, Map<string, Entries>>();

function entriesOf(dictionary: Vector, column: string, options: ValueOptions): Entries {
  const byOptions = entriesOfDictionaries.get(dictionary) ?? new Map<string, Entries>();
  entriesOfDictionaries.set(dictionary, byOptions);
  const key = `${options.int64} ${options.decimal} ${options.timestamp}`;
  let entries = byOptions.get(key);
  if (entries === undefined) {
    const chunks = dictionary.data.map((chunk: Data) => valueReader(chunk, 0, chunk.length, column, options));
    // Deltas add chunks; nearly every dictionary has one.
    entries = { known: [], lookUp: chunks.length === 1 ? chunks[0]! : chunkedReader(dictionary.data, chunks) };
    byOptions.set(key, entries);
  }
  return entries;
}

function chunkedReader(chunks: readonly Data[], readers: readonly ValueReader[]): ValueReader {
  return (i) => {
    let start = 0;
    for (const [c, chunk] of chunks.entries()) {
      if (i < start + chunk.length) return readers[c]!(i - start);
      start += chunk.length;
    }
    return null;
  };
}

function childRange(data: Data, begin: number, end: number): { begin: number; end: number } {
  return end <= begin
    ? { begin: 0, end: 0 }
    : { begin: Number(data.valueOffsets[begin]), end: Number(data.valueOffsets[end]) };
}

function readRange(read: ValueReader, begin: number, end: number): unknown[] {
  const out = new Array<unknown>(end - begin);
  for (let i = begin; i < end; i++) out[i - begin] = read(i);
  return out;
}

function words(values: ArrayBufferView): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}
