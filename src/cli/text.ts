import {
  DataType,
  type Dictionary,
  type Duration,
  type Field,
  type Float,
  Precision,
  TimeUnit,
  Type,
} from "apache-arrow";
import { distinctNames } from "../arrow/objects.ts";
import type { Interval } from "../node.ts";

/*
 * Values as text, from the JavaScript values that `valueReader` gives with `timestamp: "string"`. Nothing is lost but the
 * type: integers and decimals have all digits, floats the fewest that are read back as the same float.
 */

/** Writes values, not null, of a column. */
export type ToText = (value: unknown) => string;

/** A value for people and for CSV: scalars as they are, what is nested as JSON. */
export function plainText(type: DataType): ToText {
  if (DataType.isDictionary(type)) return plainText((type as Dictionary).dictionary);
  return scalarText(type) ?? json(type);
}

/**
 * A value in JSON: a literal where JSON has one for it, else its text in quotes.
 *
 * @param integer writes integers; all their digits as a number by default
 */
export function json(type: DataType, integer: ToText = String): ToText {
  if (DataType.isDictionary(type)) return json((type as Dictionary).dictionary, integer);
  if (DataType.isInt(type)) return integer;
  if (DataType.isBool(type)) return String;
  if (DataType.isFloat(type)) {
    const text = floatText(type);
    return (value) => (Number.isFinite(value) ? text(value) : `"${value}"`);
  }
  const scalar = scalarText(type);
  if (scalar !== null) return (value) => JSON.stringify(scalar(value));
  return nestedJson(type, integer);
}

/** An integer for readers whose numbers are doubles: beyond 2^53, where those lose digits, as text in quotes. */
export function safeInteger(value: unknown): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
}

/** Bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += pairs[byte];
  return text;
}

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Whether a column's values are lined up by their last digit. */
export function isNumeric(type: DataType): boolean {
  if (DataType.isDictionary(type)) return isNumeric((type as Dictionary).dictionary);
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}

/** Null for nested types. */
function scalarText(type: DataType): ToText | null {
  switch (type.typeId as Type) {
    case Type.Float:
      return floatText(type as Float);
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return (value) => hex(value as Uint8Array);
    case Type.Date:
      return (value) => (value as Date).toISOString().replace(/T.*/, "");
    case Type.Duration:
      return durationText((type as Duration).unit);
    case Type.Interval:
      return (value) => intervalText(value as Interval);
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.Struct:
    case Type.Map:
    case Type.Union:
      return null;
    default:
      // Null, Bool, Int, Decimal, Utf8, Timestamp, Time: what they are read as says it already.
      return String;
  }
}

function floatText({ precision }: Float): ToText {
  if (precision !== Precision.SINGLE) return (value) => (Object.is(value, -0) ? "-0" : String(value));
  return (value) => {
    const single = value as number;
    if (Object.is(single, -0)) return "-0";
    // 9 digits tell any two float32 apart, most need fewer.
    for (let digits = 6; digits < 9; digits++) {
      const short = Number(single.toPrecision(digits));
      if (Math.fround(short) === single) return String(short);
    }
    return Number.isFinite(single) ? String(Number(single.toPrecision(9))) : String(single);
  };
}

const perSecond: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};

/** ISO 8601 in seconds, `PT-1.5S`: durations have no days. */
function durationText(unit: TimeUnit): ToText {
  return (value) => `PT${seconds(value as bigint, perSecond[unit])}S`;
}

/** ISO 8601, `P1M-2DT3.5S`: each part with its own sign, those that are zero left out. */
function intervalText({ months, days, nanoseconds }: Interval): string {
  const date = `${months === 0 ? "" : `${months}M`}${days === 0 ? "" : `${days}D`}`;
  const time = nanoseconds === 0n ? "" : `T${seconds(nanoseconds, perSecond[TimeUnit.NANOSECOND])}S`;
  return date + time === "" ? "PT0S" : `P${date}${time}`;
}

function seconds(count: bigint, unit: bigint): string {
  const size = count < 0n ? -count : count;
  const fraction = unit === 1n ? "" : (size % unit).toString().padStart(unit.toString().length - 1, "0");
  const digits = fraction.replace(/0+$/, "");
  return `${count < 0n ? "-" : ""}${size / unit}${digits === "" ? "" : `.${digits}`}`;
}

function nestedJson(type: DataType, integer: ToText): ToText {
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type)) {
    const item = orNull(json(type.children[0]!.type, integer));
    return (value) => `[${(value as unknown[]).map(item).join(",")}]`;
  }
  if (DataType.isStruct(type)) {
    const members = jsonMembers(type.children, integer);
    return (value) => members((name) => (value as Record<string, unknown>)[name]);
  }
  if (DataType.isMap(type)) {
    const [key, item] = (type.children[0]!.type.children as Field[]).map((field) => field.type) as [DataType, DataType];
    const keyText = plainText(key);
    const itemText = orNull(json(item, integer));
    // JSON's names are text, whatever the keys are.
    const entry = ([k, v]: [unknown, unknown]): string => `${JSON.stringify(keyText(k))}:${itemText(v)}`;
    return (value) => `{${[...(value as Map<unknown, unknown>)].map(entry).join(",")}}`;
  }
  return (value) => looseJson(value, integer);
}

/** A union's value does not tell which of its types it is of. */
function looseJson(value: unknown, integer: ToText): string {
  if (value instanceof Uint8Array) return JSON.stringify(hex(value));
  if (value instanceof Map) {
    return `{${[...value].map(([k, v]) => `${JSON.stringify(String(k))}:${looseJson(v, integer)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => looseJson(item, integer)).join(",")}]`;
  if (value instanceof Date) return JSON.stringify(value.toISOString().replace(/T.*/, ""));
  if (typeof value === "bigint") return integer(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}:${looseJson(member, integer)}`,
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Writes an object with a member a field; repeated names become `a`, `a_2`, as they do in rows. */
export function jsonMembers(
  fields: readonly Field[],
  integer: ToText = String,
): (read: (name: string, index: number) => unknown) => string {
  const names = distinctNames(fields.map((field) => field.name));
  const prefixes = names.map((name, i) => `${i === 0 ? "" : ","}${JSON.stringify(name)}:`);
  const writers = fields.map((field) => orNull(json(field.type, integer)));
  return (read) => {
    let out = "{";
    for (let i = 0; i < names.length; i++) out += prefixes[i]! + writers[i]!(read(names[i]!, i));
    return `${out}}`;
  };
}

function orNull(write: ToText): ToText {
  return (value) => (value === null ? "null" : write(value));
}
