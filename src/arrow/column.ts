import {
  type Data,
  type DataType,
  type Decimal,
  type Dictionary,
  type Field,
  type FixedSizeBinary,
  type FixedSizeList,
  type Interval,
  makeData,
  Type,
  type Union,
  Vector,
} from "apache-arrow";
import {
  bigintConverter,
  decimalConverter,
  fixedBytesConverter,
  holdsBigints,
  numberConverter,
  toBoolean,
  toBytes,
  toText,
} from "./convert.ts";
import { intervalWords } from "./interval.ts";
import { isDate, isList, isMap, isPlainObject, Misfit } from "./misfit.ts";
import { distinctNames } from "./objects.ts";
import { forEach, invalid, type Place } from "./place.ts";
import { unionData } from "./union.ts";
import { BytesBuilder, ViewsBuilder } from "./variable.ts";

/**
 * Lays JavaScript values out as a column.
 *
 * apache-arrow's builders wrap and truncate what does not fit; here everything that does not is an error.
 *
 * @param values null where the column is null; undefined where a parent is, so that nobody sees the value
 * @throws FlightSqlError `invalid_argument` naming the place, the type and the kind of the value, never the value
 */
function columnData(type: DataType, values: readonly unknown[], place: Place): Data {
  const base = { type, length: values.length, ...validity(values) };
  const put = (take: (value: unknown, i: number) => void): void => forEach(type, values, place, take);
  switch (type.typeId as Type) {
    case Type.Null:
      put(() => {
        throw new Misfit("is not null, and the type holds nothing else");
      });
      return data({ type, length: values.length });
    case Type.Bool: {
      const bits = new Uint8Array((values.length + 7) >> 3);
      put((value, i) => {
        if (toBoolean(value)) bits[i >> 3]! |= 1 << (i & 7);
      });
      return data({ ...base, data: bits });
    }
    case Type.Decimal: {
      const convert = decimalConverter(type as Decimal);
      const width = (type as Decimal).bitWidth >> 5;
      const words = new Uint32Array(values.length * width);
      put((value, i) => {
        let rest = convert(value);
        for (let w = i * width; w < (i + 1) * width; w++, rest >>= 32n) words[w] = Number(BigInt.asUintN(32, rest));
      });
      return data({ ...base, data: words });
    }
    case Type.Interval: {
      const { width, write } = intervalWords((type as Interval).unit);
      const words = new Int32Array(values.length * width);
      put((value, i) => write(words, i * width, value));
      return data({ ...base, data: words });
    }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary: {
      const isLarge = type.typeId === Type.LargeUtf8 || type.typeId === Type.LargeBinary;
      const isText = type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8;
      const builder = new BytesBuilder(values.length, isLarge);
      put((value, i) => (isText ? builder.text(i, toText(value)) : builder.bytes(i, toBytes(value))));
      return data({ ...base, ...builder.finish() });
    }
    case Type.Utf8View:
    case Type.BinaryView: {
      const builder = new ViewsBuilder(values.length);
      const isText = type.typeId === Type.Utf8View;
      put((value, i) => (isText ? builder.text(i, toText(value)) : builder.bytes(i, toBytes(value))));
      return data({ ...base, ...builder.finish() });
    }
    case Type.FixedSizeBinary: {
      const { byteWidth } = type as FixedSizeBinary;
      const convert = fixedBytesConverter(type as FixedSizeBinary);
      const bytes = new Uint8Array(values.length * byteWidth);
      put((value, i) => bytes.set(convert(value), i * byteWidth));
      return data({ ...base, data: bytes });
    }
    case Type.List:
    case Type.LargeList: {
      const { offsets, items, rowOf } = flatten(type, values, place);
      const valueOffsets = type.typeId === Type.List ? offsets : BigInt64Array.from(offsets, BigInt);
      return data({ ...base, valueOffsets, child: fieldData(type.children[0]!, items, inItem(place, rowOf)) });
    }
    case Type.FixedSizeList: {
      const { listSize } = type as FixedSizeList;
      const { items } = flatten(type, values, place, listSize);
      const rowOf = (i: number): number => Math.floor(i / listSize);
      return data({ ...base, child: fieldData(type.children[0]!, items, inItem(place, rowOf)) });
    }
    case Type.Map:
      return data({ ...base, ...mapParts(type, values, place) });
    case Type.Struct:
      return data({ ...base, children: structChildren(type, values, place) });
    case Type.Union:
      return unionData(type as Union, values, place, columnData);
    case Type.Dictionary:
      return data({ ...base, ...dictionaryParts(type as Dictionary, values, place) });
    default:
      return data({ ...base, data: fixedValues(type, values, place) });
  }
}

/** As `columnData`, for a field, which may allow no nulls. */
export function fieldData(field: Field, values: readonly unknown[], place: Place): Data {
  if (!field.nullable) {
    const at = values.indexOf(null);
    if (at >= 0) throw invalid(place(at), null, field.type, "the field takes no nulls");
  }
  return columnData(field.type, values, place);
}

// makeData's parameter type is a union over all types, of which only the type object tells the member.
function data(props: object): Data {
  return makeData(props as Parameters<typeof makeData>[0]);
}

function validity(values: readonly unknown[]): { nullCount: number; nullBitmap: Uint8Array | undefined } {
  let nullCount = 0;
  let nullBitmap: Uint8Array | undefined;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== null && values[i] !== undefined) continue;
    nullBitmap ??= new Uint8Array((values.length + 7) >> 3).fill(0xff);
    nullBitmap[i >> 3]! &= ~(1 << (i & 7));
    nullCount++;
  }
  return { nullCount, nullBitmap };
}

function fixedValues(type: DataType, values: readonly unknown[], place: Place): ArrayBufferView {
  if (holdsBigints(type)) {
    const convert = bigintConverter(type);
    const out = new (type.ArrayType as BigInt64ArrayConstructor)(values.length);
    forEach(type, values, place, (value, i) => {
      out[i] = convert(value);
    });
    return out;
  }
  const convert = numberConverter(type);
  const out = new (type.ArrayType as Float64ArrayConstructor)(values.length);
  forEach(type, values, place, (value, i) => {
    out[i] = convert(value);
  });
  return out;
}

/** The items of all lists one behind the other; lists of a fixed size also have items where there is no list. */
function flatten(type: DataType, values: readonly unknown[], place: Place, size?: number): Flat {
  const items: unknown[] = [];
  const offsets = new Int32Array(values.length + 1);
  forEach(type, values, place, (value, i) => {
    if (!isList(value)) throw new Misfit("is no array");
    if (size !== undefined && value.length !== size) throw new Misfit(`has ${value.length} items`);
    if (size !== undefined) while (items.length < i * size) items.push(undefined);
    for (let k = 0; k < value.length; k++) items.push(value[k] ?? null);
    offsets[i + 1] = items.length;
  });
  if (size !== undefined) while (items.length < values.length * size) items.push(undefined);
  for (let i = 1; i < offsets.length; i++) offsets[i] = Math.max(offsets[i]!, offsets[i - 1]!);
  return { items, offsets, rowOf: (item) => offsets.findLastIndex((offset) => offset <= item) };
}

interface Flat {
  readonly items: unknown[];
  readonly offsets: Int32Array;
  /** The row whose list an item belongs to; searched, since only errors ask. */
  readonly rowOf: (item: number) => number;
}

function inItem(place: Place, rowOf: (item: number) => number): Place {
  return (item) => `${place(rowOf(item))}, in an item`;
}

function mapParts(type: DataType, values: readonly unknown[], place: Place): object {
  const entries = type.children[0]!;
  const [keyField, valueField] = entries.type.children as Field[];
  const keys: unknown[] = [];
  const mapped: unknown[] = [];
  const offsets = new Int32Array(values.length + 1);
  forEach(type, values, place, (value, i) => {
    if (!isMap(value)) throw new Misfit("is no Map");
    for (const [key, item] of value) {
      if (key === null || key === undefined) throw new Misfit("has a null key");
      keys.push(key);
      mapped.push(item ?? null);
    }
    offsets[i + 1] = keys.length;
  });
  for (let i = 1; i < offsets.length; i++) offsets[i] = Math.max(offsets[i]!, offsets[i - 1]!);
  const at = (part: string): Place => {
    return (i) => `${place(offsets.findLastIndex((offset) => offset <= i))}, in a ${part} of the map`;
  };
  const children = [fieldData(keyField!, keys, at("key")), fieldData(valueField!, mapped, at("value"))];
  return { valueOffsets: offsets, child: data({ type: entries.type, length: keys.length, nullCount: 0, children }) };
}

function structChildren(type: DataType, values: readonly unknown[], place: Place): Data[] {
  const fields = type.children as Field[];
  const names = distinctNames(fields.map((f) => f.name));
  const known = new Set(names);
  forEach(type, values, place, (value) => {
    if (!isPlainObject(value)) throw new Misfit("is no plain object");
    const surplus = Object.keys(value).find((key) => !known.has(key));
    if (surplus !== undefined) throw new Misfit(`has a property ${JSON.stringify(surplus)}, which the type has not`);
  });
  return fields.map((field, c) => {
    const name = names[c]!;
    const column = values.map((value) => {
      if (value === null || value === undefined) return undefined;
      return Object.hasOwn(value, name) ? ((value as Record<string, unknown>)[name] ?? null) : null;
    });
    return fieldData(field, column, (i) => `${place(i)}, in ${JSON.stringify(name)}`);
  });
}

function dictionaryParts(type: Dictionary, values: readonly unknown[], place: Place): object {
  const { bitWidth, isSigned } = type.indices;
  const limit = 2 ** (isSigned ? bitWidth - 1 : bitWidth);
  const keys = new (type.indices.ArrayType as Int32ArrayConstructor)(values.length);
  const keyOf = new Map<unknown, number>();
  const distinct: unknown[] = [];
  const firstRow: number[] = [];
  forEach(type, values, place, (value, i) => {
    const identity = isDate(value) ? value.toJSON() : value;
    let key = keyOf.get(identity);
    if (key === undefined) {
      key = distinct.length;
      if (key >= limit) throw new Misfit("is one distinct value more than the keys can count");
      keyOf.set(identity, key);
      distinct.push(value);
      firstRow.push(i);
    }
    keys[i] = key;
  });
  const dictionary = columnData(type.dictionary, distinct, (key) => place(firstRow[key]!));
  return { data: keys, dictionary: new Vector([dictionary]) };
}
