import { type DataType, Dictionary, Field, Int, type Int32, MetadataVersion, Schema } from "apache-arrow";
import type { FlatTable } from "./flatbuffer.ts";
import { originalType, readInt, readType, WireType } from "./wire-type.ts";

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

/** The key of a field's metadata that tells what its type was, where apache-arrow has no such type. */
const originalTypeKey = "flightsql:type";

// As deep as Arrow C++ goes (kMaxNestingDepth): deeper schemas are damage or an attack on our stack.
const maxDepth = 64;

export function readWireSchema(table: FlatTable, version: number): WireSchema {
  if (table.int16(0) !== 0) throw new TypeError("the stream is big-endian; only little-endian Arrow data can be read");
  const dictionaries = new Map<number, WireField>();
  const read = table.tables(1).map((t) => readField(t, "", 0, dictionaries));
  return {
    schema: new Schema(
      read.map((r) => r.field),
      readMetadata(table, 2),
      undefined,
      version as MetadataVersion,
    ),
    fields: read.map((r) => r.wire),
    dictionaries,
    unionsHaveValidity: version < MetadataVersion.V5,
  };
}

function readField(
  table: FlatTable,
  parent: string,
  depth: number,
  dictionaries: Map<number, WireField>,
): { field: Field; wire: WireField } {
  if (depth > maxDepth) throw new RangeError(`the schema nests deeper than ${maxDepth} levels`);
  // Some servers leave the name null (Derby's parameter schemas); a Table needs one.
  const name = table.string(0) ?? "";
  const path = parent === "" ? name : `${parent}.${name}`;
  const kind = table.uint8(2);
  const children = table.tables(5).map((t) => readField(t, path, depth + 1, dictionaries));
  const type = readType(
    kind,
    table.table(3),
    path,
    children.map((c) => c.field),
  );
  const encoding = table.table(4);
  const dictionary = encoding === null ? null : readDictionary(encoding, type);
  const wire: WireField = { name, path, kind, type, children: children.map((c) => c.wire), dictionary };
  if (dictionary !== null) {
    const known = dictionaries.get(dictionary.id);
    if (known !== undefined && String(known.type) !== String(type))
      throw new RangeError(
        `columns "${known.path}" and "${path}" share dictionary ${dictionary.id} and differ in type`,
      );
    if (known === undefined) dictionaries.set(dictionary.id, wire);
  }
  const fields = children.map((c) => c.field);
  const metadata = new Map([...shownMetadata(kind, fields), ...readMetadata(table, 6)]);
  const original = originalType(kind, fields);
  if (original !== null) metadata.set(originalTypeKey, original);
  return { field: new Field(name, dictionary?.type ?? type, table.bool(1), metadata), wire };
}

/** A run-end encoded column is shown as its values, whose field may have notes of its own, such as an extension's name. */
function shownMetadata(kind: number, children: readonly Field[]): ReadonlyMap<string, string> {
  return (kind === WireType.RunEndEncoded && children[1]?.metadata) || new Map();
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

export function readMetadata(table: FlatTable, slot: number): Map<string, string> {
  return new Map(table.tables(slot).map((t) => [t.string(0) ?? "", t.string(1) ?? ""]));
}
