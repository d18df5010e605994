import { type Data, DataType, Type, type Union, UnionMode, Vector } from "apache-arrow";
import {
  bytesText,
  clockText,
  dateText,
  decimalText,
  durationText,
  floatText,
  intervalText,
  timestampText,
} from "./scalar-text.ts";

/** The text of one value, exact: every digit of an int64, decimal or timestamp. null for a null. */
export function valueText(data: Data, index: number): string | null {
  const type: DataType = data.type;
  if (type.typeId === Type.Null) return null;
  // Unions have no validity of their own: the chosen child has.
  if (!DataType.isUnion(type) && !data.getValid(index)) return null;
  if (DataType.isDictionary(type)) return valueText(...entry(data, index));
  if (DataType.isUnion(type)) return valueText(...chosen(data, index));
  if (DataType.isFloat(type)) return floatText(get(data, index) as number, type.precision);
  if (DataType.isDecimal(type)) return decimalText(data.values as Uint32Array, index, type.bitWidth / 32, type.scale);
  if (DataType.isDate(type)) return dateText(get(data, index) as number);
  if (DataType.isTime(type)) return clockText(BigInt(data.values[index]), type.unit);
  if (DataType.isTimestamp(type)) {
    return timestampText(data.values[index] as bigint, type.unit) + (type.timezone ? "Z" : "");
  }
  if (DataType.isDuration(type)) return durationText(data.values[index] as bigint, type.unit);
  if (DataType.isInterval(type)) return intervalText(data.values as Int32Array, index, type.unit);
  if (isBytes(type)) return bytesText(get(data, index) as Uint8Array);
  if (isNested(type)) return json(data, index);
  return String(get(data, index));
}

/** A value as JSON: numbers keep all their digits, so that a reader with big integers loses nothing. */
function json(data: Data, index: number): string {
  const type: DataType = data.type;
  if (DataType.isDictionary(type)) return json(...entry(data, index));
  if (DataType.isUnion(type)) return json(...chosen(data, index));
  if (type.typeId === Type.Null || !data.getValid(index)) return "null";
  if (DataType.isStruct(type)) {
    const members = type.children.map((field, i) => `${JSON.stringify(field.name)}: ${json(data.children[i]!, index)}`);
    return `{${members.join(", ")}}`;
  }
  if (DataType.isMap(type)) {
    const pairs = items(data, index, (entries, i) => {
      const key = valueText(entries.children[0]!, i) ?? "null";
      return `${JSON.stringify(key)}: ${json(entries.children[1]!, i)}`;
    });
    return `{${pairs.join(", ")}}`;
  }
  if (isNested(type)) return `[${items(data, index, json).join(", ")}]`;
  const text = valueText(data, index)!;
  return isNumeric(type) || DataType.isBool(type) ? text : JSON.stringify(text);
}

function items<T>(data: Data, index: number, read: (child: Data, index: number) => T): T[] {
  const fixed = DataType.isFixedSizeList(data.type) ? data.type.listSize : undefined;
  const from = fixed === undefined ? Number(data.valueOffsets[index]) : index * fixed;
  const to = fixed === undefined ? Number(data.valueOffsets[index + 1]) : from + fixed;
  return Array.from({ length: to - from }, (_, i) => read(data.children[0]!, from + i));
}

/** Where the value is that a union has at `index`. */
function chosen(data: Data, index: number): [Data, number] {
  const type = data.type as Union;
  const child = data.children[type.typeIdToChildIndex[data.typeIds[index]]!]!;
  return [child, type.mode === UnionMode.Dense ? data.valueOffsets[index] : index];
}

/** Where the value is that a dictionary's key at `index` stands for. */
function entry(data: Data, index: number): [Data, number] {
  let key = Number(data.values[index]);
  for (const chunk of (data.dictionary as Vector).data) {
    if (key < chunk.length) return [chunk, key];
    key -= chunk.length;
  }
  throw new RangeError(`The dictionary has no entry ${data.values[index]}.`);
}

const vectors = new WeakMap<Data, Vector>();

/** The value as apache-arrow reads it. */
function get(data: Data, index: number): unknown {
  const vector = vectors.get(data) ?? new Vector([data]);
  vectors.set(data, vector);
  return vector.get(index);
}

function isBytes(type: DataType): boolean {
  return (
    DataType.isBinary(type) ||
    DataType.isLargeBinary(type) ||
    DataType.isBinaryView(type) ||
    DataType.isFixedSizeBinary(type)
  );
}

function isNested(type: DataType): boolean {
  return (
    DataType.isList(type) ||
    DataType.isLargeList(type) ||
    DataType.isFixedSizeList(type) ||
    DataType.isStruct(type) ||
    DataType.isMap(type)
  );
}

/** Whether values of this type are numbers, to be aligned right and grouped. */
export function isNumeric(type: DataType): boolean {
  const value = DataType.isDictionary(type) ? type.dictionary : type;
  return DataType.isInt(value) || DataType.isFloat(value) || DataType.isDecimal(value);
}

/** `1234567.25` with its integer digits in groups of three; anything that is not a plain number comes back as it is. */
export function groupDigits(text: string): string {
  const number = /^(-?)(\d{5,})(\.\d+)?$/.exec(text);
  if (!number) return text;
  // U+202F, the narrow space SI asks for: no locale reads it as a decimal point.
  return `${number[1]}${number[2]!.replace(/\B(?=(\d{3})+$)/g, "\u202f")}${number[3] ?? ""}`;
}
