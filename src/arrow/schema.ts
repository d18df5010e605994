import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  Date_,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  type Int32,
  Interval,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  MetadataVersion,
  Null,
  Schema,
  Struct,
  type Struct as StructType,
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

/** A field as the buffers of a batch follow it, beside the apache-arrow type it is shown as. */
export interface WireField {
  readonly name: string;
  /** The column's name with its parents, for error messages. */
  readonly path: string;
  /** One of `WireType`: what decides how many nodes and buffers the field takes. */
  readonly kind: number;
  /** The type of the values; of the dictionary's values when there is a dictionary. */
  readonly type: DataType;
  readonly children: readonly WireField[];
  readonly dictionary: { readonly id: number; readonly index: Int; readonly type: Dictionary } | null;
}

export interface WireSchema {
  readonly schema: Schema;
  readonly fields: readonly WireField[];
  /** By dictionary id: the field whose values the dictionary batches carry. */
  readonly dictionaries: ReadonlyMap<number, WireField>;
  /** Before V5, unions carried a validity buffer. */
  readonly unionsHaveValidity: boolean;
}

// As deep as Arrow C++ goes (kMaxNestingDepth): deeper schemas are damage or an attack on our stack.
const maxDepth = 64;

export function readWireSchema(table: FlatTable, version: number): WireSchema {
  if (table.int16(0) !== 0) throw new TypeError("the stream is big-endian; only little-endian Arrow data can be read");
  // Every field of an honest writer stands in the message once; offsets that share tables could otherwise
  // describe exponentially many fields in few bytes.
  const reader: FieldReader = { dictionaries: new Map(), left: table.view.byteLength >> 3 };
  const read = table.tables(1).map((t) => readField(t, "", 0, reader));
  return {
    schema: new Schema(
      read.map((r) => r.field),
      readMetadata(table, 2),
      undefined,
      version as MetadataVersion,
    ),
    fields: read.map((r) => r.wire),
    dictionaries: reader.dictionaries,
    unionsHaveValidity: version < MetadataVersion.V5,
  };
}

interface FieldReader {
  readonly dictionaries: Map<number, WireField>;
  left: number;
}

function readField(
  table: FlatTable,
  parent: string,
  depth: number,
  reader: FieldReader,
): { field: Field; wire: WireField } {
  if (depth > maxDepth) throw new RangeError(`the schema nests deeper than ${maxDepth} levels`);
  if (reader.left-- <= 0) throw new RangeError("the schema has more fields than its message has room for");
  // Some servers leave the name null (Derby's parameter schemas); a Table needs one.
  const name = table.string(0) ?? "";
  const path = parent === "" ? name : `${parent}.${name}`;
  const kind = table.uint8(2);
  const children = table.tables(5).map((t) => readField(t, path, depth + 1, reader));
  const type = readType(
    kind,
    table.table(3),
    path,
    children.map((c) => c.field),
  );
  const encoding = table.table(4);
  const dictionary = encoding === null ? null : readDictionary(encoding, type);
  const wire: WireField = { name, path, kind, type, children: children.map((c) => c.wire), dictionary };
  if (dictionary !== null && !reader.dictionaries.has(dictionary.id)) reader.dictionaries.set(dictionary.id, wire);
  return { field: new Field(name, dictionary?.type ?? type, table.bool(1), readMetadata(table, 6)), wire };
}

function readDictionary(table: FlatTable, type: DataType): NonNullable<WireField["dictionary"]> {
  const wireIndex = table.table(1);
  // Schema.fbs: an absent index type means signed 32-bit.
  const index = wireIndex === null ? new Int(true, 32) : readInt(wireIndex);
  const id = table.int64(0);
  // apache-arrow cannot look values up by a 64-bit key; the loader narrows such keys, so the shown type says int32.
  const shown = index.bitWidth === 64 ? new Int(true, 32) : index;
  return { id, index, type: new Dictionary(type, shown as Int32, id, table.bool(2)) };
}

function readInt(table: FlatTable): Int {
  const bitWidth = table.int32(0);
  if (bitWidth !== 8 && bitWidth !== 16 && bitWidth !== 32 && bitWidth !== 64)
    throw new RangeError(`no integer has ${bitWidth} bits`);
  return new Int(table.bool(1), bitWidth);
}

function readType(kind: number, table: FlatTable | null, path: string, children: Field[]): DataType {
  if (table === null) throw new RangeError(`column "${path}" has no type`);
  const child = (i: number): Field => {
    const field = children[i];
    if (field === undefined) throw new RangeError(`column "${path}" of a nested type lacks its child ${i}`);
    return field;
  };
  switch (kind) {
    case WireType.Null:
      return new Null();
    case WireType.Int:
      return readInt(table);
    case WireType.Float:
      return new Float(table.int16(0));
    case WireType.Binary:
      return new Binary();
    case WireType.Utf8:
      return new Utf8();
    case WireType.Bool:
      return new Bool();
    case WireType.Decimal:
      return new Decimal(table.int32(1), table.int32(0), table.int32(2, 128));
    case WireType.Date:
      return new Date_(table.int16(0, 1));
    case WireType.Time:
      return new Time(table.int16(0, 1), table.int32(1, 32) as 32 | 64);
    case WireType.Timestamp:
      return new Timestamp(table.int16(0), table.string(1));
    case WireType.Interval:
      return new Interval(table.int16(0));
    case WireType.Duration:
      return new Duration(table.int16(0, 1));
    case WireType.List:
      return new List(child(0));
    case WireType.LargeList:
      return new LargeList(child(0));
    case WireType.Struct:
      return new Struct(children);
    case WireType.Union: {
      // Schema.fbs: without type ids they are 0, 1, 2, …
      const ids = table.has(1) ? table.int32s(1) : Int32Array.from(children, (_, i) => i);
      if (ids.length !== children.length)
        throw new RangeError(`union "${path}" has ${children.length} children and ${ids.length} type ids`);
      return new Union(table.int16(0), ids, children);
    }
    case WireType.FixedSizeBinary:
      return new FixedSizeBinary(table.int32(0));
    case WireType.FixedSizeList:
      return new FixedSizeList(table.int32(0), child(0));
    case WireType.Map:
      if (!(child(0).type instanceof Struct) || child(0).type.children.length !== 2) {
        throw new RangeError(`map "${path}" does not hold pairs of key and value`);
      }
      return new Map_(child(0) as Field<StructType<{ key: DataType; value: DataType }>>, table.bool(0));
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

export function readMetadata(table: FlatTable, slot: number): Map<string, string> {
  return new Map(table.tables(slot).map((t) => [t.string(0) ?? "", t.string(1) ?? ""]));
}
