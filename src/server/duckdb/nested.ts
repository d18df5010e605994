import type { DuckDBEnumType } from "@duckdb/node-api";
import { DuckDBTypeId } from "@duckdb/node-api";
import {
  type Data,
  Dictionary,
  Field,
  FixedSizeList,
  List,
  Map_,
  makeData,
  SparseUnion,
  Struct,
  Uint8,
  Uint16,
  Uint32,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { bitAt, joinValidity } from "./buffers.ts";
import type { Column, Ids } from "./column.ts";
import { arrayChild, listChild, Part, structChild } from "./memory.ts";

interface Named {
  readonly name: string;
  readonly column: Column;
}

/** An enum is its index and the list of its values: an Arrow dictionary. */
export function enumColumn(type: DuckDBEnumType, ids: Ids): Column {
  const dictionary = vectorFromArray(type.values, new Utf8());
  const [indices, width] =
    type.internalTypeId === DuckDBTypeId.UTINYINT
      ? [new Uint8(), 1]
      : type.internalTypeId === DuckDBTypeId.USMALLINT
        ? [new Uint16(), 2]
        : [new Uint32(), 4];
  const arrow = new Dictionary(new Utf8(), indices, ids.next++);
  return {
    type: arrow,
    bytes: (part) => part.length * width,
    join: (parts, rows) => {
      const bytes = new Uint8Array(rows * width);
      let at = 0;
      for (const part of parts) {
        bytes.set(part.bytes(width), at);
        at += part.length * width;
      }
      return makeData({ type: arrow, length: rows, ...joinValidity(parts, rows), data: bytes, dictionary });
    },
  };
}

/** A list, or an array when `size` is given: DuckDB keeps the values of all rows in one child vector. */
export function listColumn(item: Column, size?: number): Column {
  const field = new Field("item", item.type, true);
  if (size === undefined) {
    const type = new List(field);
    return {
      type,
      bytes: (part) => listBytes(part, item),
      join: (parts, rows) => {
        const { valueOffsets, children, count } = listChildren(parts, rows);
        return makeData({
          type,
          length: rows,
          ...joinValidity(parts, rows),
          valueOffsets,
          child: item.join(children, count),
        });
      },
    };
  }
  const type = new FixedSizeList(size, field);
  const childOf = (part: Part): Part => new Part(arrayChild(part.vector), part.start * size, part.length * size);
  return {
    type,
    bytes: (part) => item.bytes(childOf(part)),
    join: (parts, rows) => {
      const child = item.join(parts.map(childOf), rows * size);
      return makeData({ type, length: rows, ...joinValidity(parts, rows), child });
    },
  };
}

/** A map is a list of structs of key and value, in both. */
export function mapColumn(key: Column, value: Column): Column {
  const entry = new Struct<{ key: Column["type"]; value: Column["type"] }>([
    new Field("key", key.type, false),
    new Field("value", value.type, true),
  ]);
  const type = new Map_(new Field("entries", entry, false));
  const entries = structColumn([
    { name: "key", column: key },
    { name: "value", column: value },
  ]);
  return {
    type,
    bytes: (part) => listBytes(part, entries),
    join: (parts, rows) => {
      const { valueOffsets, children, count } = listChildren(parts, rows);
      const inner = entries.join(children, count);
      const child = makeData({ type: entry, length: count, nullCount: 0, children: inner.children });
      return makeData({ type, length: rows, ...joinValidity(parts, rows), valueOffsets, child });
    },
  };
}

export function structColumn(members: readonly Named[]): Column {
  const type = new Struct(members.map(({ name, column }) => new Field(name, column.type, true)));
  return {
    type,
    bytes: (part) => membersBytes(part, members, 0),
    join: (parts, rows) =>
      makeData({
        type,
        length: rows,
        ...joinValidity(parts, rows),
        children: joinMembers(parts, rows, members, 0),
      }),
  };
}

/** A union is a struct in DuckDB: the tag, then each member. Arrow's sparse union has the same shape. */
export function unionColumn(members: readonly Named[]): Column {
  const type = new SparseUnion(
    members.map((_, i) => i),
    members.map(({ name, column }) => new Field(name, column.type, true)),
  );
  return {
    type,
    bytes: (part) => part.length + membersBytes(part, members, 1),
    join: (parts, rows) => {
      const typeIds = new Int8Array(rows);
      let at = 0;
      for (const part of parts) {
        const valid = part.validity;
        const tags = part.of(structChild(part.vector, 0)).bytes(1);
        // Arrow's unions have no null of their own: a null row is a null of the first member, and DuckDB keeps all
        // members of a null row null.
        for (let i = 0; i < part.length; i++, at++) typeIds[at] = bitAt(valid, part.start + i) ? tags[i]! : 0;
      }
      return makeData({ type, length: rows, typeIds, children: joinMembers(parts, rows, members, 1) });
    },
  };
}

function joinMembers(parts: readonly Part[], rows: number, members: readonly Named[], first: number): Data[] {
  return members.map(({ column }, m) =>
    column.join(
      parts.map((part) => part.of(structChild(part.vector, first + m))),
      rows,
    ),
  );
}

function membersBytes(part: Part, members: readonly Named[], first: number): number {
  let total = 0;
  members.forEach(({ column }, m) => {
    total += column.bytes(part.of(structChild(part.vector, first + m)));
  });
  return total;
}

/** Arrow's offsets, and the pieces of DuckDB's child vectors they count over. */
function listChildren(
  parts: readonly Part[],
  rows: number,
): { valueOffsets: Int32Array; children: Part[]; count: number } {
  const valueOffsets = new Int32Array(rows + 1);
  const children: Part[] = [];
  let row = 0;
  let count = 0;
  for (const part of parts) {
    const vector = listChild(part.vector);
    for (const { start, length, end } of listRuns(part, valueOffsets, row, count)) {
      children.push(new Part(vector, start, length));
      count = end;
    }
    row += part.length;
  }
  return { valueOffsets, children, count };
}

function listBytes(part: Part, item: Column): number {
  const vector = listChild(part.vector);
  let total = part.length * 4;
  for (const { start, length } of listRuns(part, new Int32Array(part.length + 1), 0, 0)) {
    total += item.bytes(new Part(vector, start, length));
  }
  return total;
}

/** The rows of a list vector as runs of neighbouring values. An entry is 16 bytes: offset and length. */
function listRuns(
  part: Part,
  offsets: Int32Array,
  row: number,
  count: number,
): { start: number; length: number; end: number }[] {
  const bytes = part.bytes(16);
  const entries = new BigUint64Array(bytes.buffer, bytes.byteOffset, part.length * 2);
  const valid = part.validity;
  const runs: { start: number; length: number; end: number }[] = [];
  let end = count;
  for (let i = 0; i < part.length; i++) {
    const length = bitAt(valid, part.start + i) ? Number(entries[i * 2 + 1]) : 0;
    if (length > 0) {
      const start = Number(entries[i * 2]);
      const last = runs.at(-1);
      end += length;
      if (last && last.start + last.length === start) {
        last.length += length;
        last.end = end;
      } else runs.push({ start, length, end });
    }
    offsets[row + i + 1] = end;
  }
  return runs;
}
