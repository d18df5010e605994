import {
  Binary,
  BinaryView,
  Bool,
  DataType,
  Date_,
  Decimal,
  Duration,
  type Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Struct,
  Time,
  Timestamp,
  Union,
  Utf8,
  Utf8View,
} from "apache-arrow";
import type { FlatTable } from "./flatbuffer.ts";

/** Type ids as they stand in a message (Schema.fbs, union Type); apache-arrow has no name for 22, 25 and 26. */
export const WireType = {
  Null: 1,
  Int: 2,
  Float: 3,
  Binary: 4,
  Utf8: 5,
  Bool: 6,
  Decimal: 7,
  Date: 8,
  Time: 9,
  Timestamp: 10,
  Interval: 11,
  List: 12,
  Struct: 13,
  Union: 14,
  FixedSizeBinary: 15,
  FixedSizeList: 16,
  Map: 17,
  Duration: 18,
  LargeBinary: 19,
  LargeUtf8: 20,
  LargeList: 21,
  RunEndEncoded: 22,
  BinaryView: 23,
  Utf8View: 24,
  ListView: 25,
  LargeListView: 26,
} as const;

export function readInt(table: FlatTable): Int {
  const bitWidth = table.int32(0);
  if (bitWidth !== 8 && bitWidth !== 16 && bitWidth !== 32 && bitWidth !== 64)
    throw new RangeError(`no integer has ${bitWidth} bits`);
  return new Int(table.bool(1), bitWidth);
}

/**
 * The type that a field is shown as. apache-arrow has none for list views and run-end encoded columns: those become
 * lists and the values' own type, and `originalType` tells what they were.
 */
export function readType(kind: number, table: FlatTable | null, path: string, children: Field[]): DataType {
  if (table === null) throw new RangeError(`column "${path}" has no type`);
  const child = (i: number): Field => {
    const field = children[i];
    if (field === undefined) throw new RangeError(`column "${path}" of a nested type lacks its child ${i}`);
    return field;
  };
  // Enumerations and widths that Schema.fbs does not have would make readers misplace every value.
  const known = (value: number, max: number): number => {
    if (value < 0 || value > max)
      throw new RangeError(`column "${path}" has a unit ${value}, which Arrow does not define`);
    return value;
  };
  const size = (value: number): number => {
    if (value < 0) throw new RangeError(`column "${path}" has a negative size`);
    return value;
  };
  switch (kind) {
    case WireType.Null:
      return new Null();
    case WireType.Int:
      return readInt(table);
    case WireType.Float:
      return new Float(known(table.int16(0), 2));
    case WireType.Binary:
      return new Binary();
    case WireType.Utf8:
      return new Utf8();
    case WireType.Bool:
      return new Bool();
    case WireType.Decimal:
      return readDecimal(table, path);
    case WireType.Date:
      return new Date_(known(table.int16(0, 1), 1));
    case WireType.Time:
      return readTime(table, path);
    case WireType.Timestamp:
      return new Timestamp(known(table.int16(0), 3), table.string(1));
    case WireType.Interval:
      return new Interval(known(table.int16(0), 2));
    case WireType.Duration:
      return new Duration(known(table.int16(0, 1), 3));
    case WireType.List:
    case WireType.ListView:
      return new List(child(0));
    case WireType.LargeList:
    case WireType.LargeListView:
      return new LargeList(child(0));
    case WireType.RunEndEncoded:
      if (!DataType.isInt(child(0).type))
        throw new RangeError(`run-end encoded column "${path}" has no integer run ends`);
      return child(1).type;
    case WireType.Struct:
      return new Struct(children);
    case WireType.Union: {
      // Schema.fbs: without type ids they are 0, 1, 2, …
      const ids = table.has(1) ? table.int32s(1) : Int32Array.from(children, (_, i) => i);
      if (ids.length !== children.length)
        throw new RangeError(`union "${path}" has ${children.length} children and ${ids.length} type ids`);
      return new Union(known(table.int16(0), 1), ids, children);
    }
    case WireType.FixedSizeBinary:
      return new FixedSizeBinary(size(table.int32(0)));
    case WireType.FixedSizeList:
      return new FixedSizeList(size(table.int32(0)), child(0));
    case WireType.Map:
      if (!(child(0).type instanceof Struct) || child(0).type.children.length !== 2) {
        throw new RangeError(`map "${path}" does not hold pairs of key and value`);
      }
      return new Map_(child(0) as Field<Struct<{ key: DataType; value: DataType }>>, table.bool(0));
    case WireType.LargeBinary:
      return new LargeBinary();
    case WireType.LargeUtf8:
      return new LargeUtf8();
    case WireType.BinaryView:
      return new BinaryView();
    case WireType.Utf8View:
      return new Utf8View();
    default:
      throw new TypeError(
        `column "${path}" has Arrow type number ${kind}, which cannot be shown; result.ipc() hands over its bytes`,
      );
  }
}

function readDecimal(table: FlatTable, path: string): Decimal {
  const bitWidth = table.int32(2, 128);
  if (bitWidth !== 32 && bitWidth !== 64 && bitWidth !== 128 && bitWidth !== 256)
    throw new RangeError(`column "${path}": no decimal has ${bitWidth} bits`);
  const [precision, scale] = [table.int32(0), table.int32(1)];
  // A scale is at most as far from 0 as the widest precision; more would print as that many zeros.
  if (Math.abs(scale) > 1000) throw new RangeError(`column "${path}" is a decimal of scale ${scale}`);
  return new Decimal(scale, precision, bitWidth);
}

function readTime(table: FlatTable, path: string): Time {
  const [unit, bitWidth] = [table.int16(0, 1), table.int32(1, 32)];
  // Schema.fbs: seconds and milliseconds have 32 bits, microseconds and nanoseconds 64.
  if (unit < 0 || unit > 3 || bitWidth !== (unit < 2 ? 32 : 64))
    throw new RangeError(
      `column "${path}" is a time of unit ${unit} and ${bitWidth} bits, which Arrow does not define`,
    );
  return new Time(unit, bitWidth);
}

/** What a field was before it was shown as a type that apache-arrow has; null when that is the same. */
export function originalType(kind: number, children: readonly Field[]): string | null {
  switch (kind) {
    case WireType.ListView:
      return "list_view";
    case WireType.LargeListView:
      return "large_list_view";
    case WireType.RunEndEncoded:
      return `run_end_encoded<${String(children[0]?.type).toLowerCase()}>`;
    default:
      return null;
  }
}
