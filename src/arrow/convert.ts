import {
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type FixedSizeBinary,
  type Float,
  type Int,
  Precision,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
} from "apache-arrow";
import { parseDecimal } from "./decimal.ts";
import { halfToNumber, numberToHalf } from "./half.ts";
import { isBytes, isDate, Misfit } from "./misfit.ts";
import { countsPerDay, fromDate, parseDay, parseTime, parseTimestamp } from "./temporal-parse.ts";

/** Turns a value that is not null into what a typed array of its column holds, or throws a `Misfit`. */
export type Convert<T> = (value: unknown) => T;

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** For columns whose typed array holds numbers. */
export function numberConverter(type: DataType): Convert<number> {
  switch (type.typeId as Type) {
    case Type.Int: {
      const { isSigned, bitWidth } = type as Int;
      const max = 2 ** (isSigned ? bitWidth - 1 : bitWidth) - 1;
      const min = isSigned ? -max - 1 : 0;
      return (value) => {
        const number = typeof value === "bigint" ? Number(value) : value;
        if (typeof number !== "number") throw new Misfit("is no number");
        if (!Number.isInteger(number)) throw new Misfit("is no whole number");
        if (number < min || number > max) throw outOfRange();
        return number;
      };
    }
    case Type.Float:
      return floatConverter((type as Float).precision);
    case Type.Date:
      return (value) => {
        const days = dayCount(value);
        if (days < -(2n ** 31n) || days >= 2n ** 31n) throw outOfRange();
        return Number(days);
      };
    default: {
      // time32 in seconds or milliseconds
      const time = timeConverter((type as Time).unit);
      return (value) => Number(time(value));
    }
  }
}

/** For columns whose typed array holds 64-bit bigints. */
export function bigintConverter(type: DataType): Convert<bigint> {
  switch (type.typeId as Type) {
    case Type.Int:
      return (type as Int).isSigned ? wholeConverter(int64.min, int64.max) : wholeConverter(0n, 2n ** 64n - 1n);
    case Type.Date:
      return (value) => inInt64(dayCount(value, true) * 86_400_000n);
    case Type.Time:
      return timeConverter((type as Time).unit);
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp;
      return (value) => {
        if (typeof value === "bigint") return inInt64(value);
        if (isDate(value)) return inInt64(fromDate(value, unit));
        if (typeof value === "string") return inInt64(parseTimestamp(value, unit, Boolean(timezone)));
        throw new Misfit("is neither a Date, nor an ISO 8601 text, nor a bigint count of its unit");
      };
    }
    default:
      return (value) => {
        if (typeof value !== "bigint") throw new Misfit("is no bigint count of its unit");
        return inInt64(value);
      };
  }
}

/** The unscaled value, known to have no more digits than the type. */
export function decimalConverter(type: Decimal): Convert<bigint> {
  const { scale, precision, bitWidth } = type;
  const limit = 10n ** BigInt(precision);
  return (value) => {
    // The shortest text that a number is read back from is what its writer meant by it: 0.1, not 0.1000000000000000055.
    if (typeof value !== "string" && typeof value !== "bigint" && typeof value !== "number")
      throw new Misfit("is neither a text, nor a bigint, nor a number");
    const unscaled = parseDecimal(String(value), scale);
    if (unscaled >= limit || unscaled <= -limit || BigInt.asIntN(bitWidth, unscaled) !== unscaled)
      throw new Misfit("has more digits than the precision allows");
    return unscaled;
  };
}

export function toBoolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Misfit("is no boolean");
  return value;
}

// Unpaired surrogates are no characters: TextEncoder would silently write U+FFFD for them.
const unpaired = /\p{Surrogate}/u;

export function toText(value: unknown): string {
  if (typeof value !== "string") throw new Misfit("is no string");
  if (unpaired.test(value)) throw new Misfit("has an unpaired surrogate, which UTF-8 cannot hold");
  return value;
}

export function toBytes(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!isBytes(value)) throw new Misfit("is no Uint8Array");
  return value;
}

export function fixedBytesConverter({ byteWidth }: FixedSizeBinary): Convert<Uint8Array> {
  return (value) => {
    const bytes = toBytes(value);
    if (bytes.byteLength !== byteWidth) throw new Misfit(`has ${bytes.byteLength} bytes`);
    return bytes;
  };
}

/** A whole number as a bigint. Digits are taken too: what was read with `int64: "string"` can be given back. */
function wholeConverter(min: bigint, max: bigint): Convert<bigint> {
  return (value) => {
    let whole: bigint;
    if (typeof value === "bigint") whole = value;
    else if (typeof value === "number") {
      if (!Number.isInteger(value)) throw new Misfit("is no whole number");
      if (!Number.isSafeInteger(value)) throw new Misfit("is beyond 2^53, where numbers skip integers: use a bigint");
      whole = BigInt(value);
    } else if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) whole = BigInt(value);
    else throw new Misfit("is no whole number");
    if (whole < min || whole > max) throw outOfRange();
    return whole;
  };
}

function floatConverter(precision: Precision): Convert<number> {
  const nearest =
    precision === Precision.DOUBLE
      ? (n: number) => n
      : precision === Precision.SINGLE
        ? Math.fround
        : (n: number) => halfToNumber(numberToHalf(n));
  return (value) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number") throw new Misfit("is no number");
    const rounded = nearest(number);
    if (Number.isFinite(rounded) !== Number.isFinite(number)) throw outOfRange();
    if (typeof value === "bigint") {
      // A number is rounded to the column's width, as everywhere; a bigint was chosen because its digits matter.
      if (!Number.isFinite(rounded)) throw outOfRange();
      if (BigInt(rounded) !== value) throw new Misfit("has more digits than the type holds");
    }
    return precision === Precision.HALF ? numberToHalf(number) : number;
  };
}

/** Days since 1970-01-01. A bigint counts days, or milliseconds when the type does. */
function dayCount(value: unknown, countsMilliseconds = false): bigint {
  if (typeof value === "string") return BigInt(parseDay(value));
  if (typeof value === "bigint" && !countsMilliseconds) return value;
  if (typeof value !== "bigint" && !isDate(value))
    throw new Misfit("is neither a Date, nor a text YYYY-MM-DD, nor a bigint count of its unit");
  const ms = isDate(value) ? fromDate(value, TimeUnit.MILLISECOND) : value;
  if (ms % 86_400_000n !== 0n) throw new Misfit("is not at 00:00 UTC, and the type holds whole days");
  return ms / 86_400_000n;
}

function timeConverter(unit: TimeUnit): Convert<bigint> {
  const limit = countsPerDay(unit);
  return (value) => {
    if (typeof value === "string") return parseTime(value, unit);
    if (typeof value !== "bigint") throw new Misfit("is neither a text HH:MM:SS nor a bigint count of its unit");
    if (value < 0n || value >= limit) throw new Misfit("is no time of a day");
    return value;
  };
}

function inInt64(count: bigint): bigint {
  if (count < int64.min || count > int64.max) throw outOfRange();
  return count;
}

function outOfRange(): Misfit {
  return new Misfit("is out of range");
}

/** Whether the typed array of a type holds bigints. */
export function holdsBigints(type: DataType): boolean {
  switch (type.typeId as Type) {
    case Type.Int:
    case Type.Time:
      return (type as Int | Time).bitWidth === 64;
    case Type.Date:
      return (type as Date_).unit === DateUnit.MILLISECOND;
    default:
      return type.typeId === Type.Timestamp || type.typeId === Type.Duration;
  }
}
