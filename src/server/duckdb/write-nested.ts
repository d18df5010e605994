import type { DuckDBType } from "@duckdb/node-api";
import { type Data, type Union, UnionMode, type Vector } from "apache-arrow";
import { take } from "../../arrow/take.ts";
import { arrayChild, type RawVector, sizeList, structChild, writeBytes } from "./memory.ts";
import { isNull, misfit, writeAllNull } from "./write-rows.ts";

/** How one Arrow column (or one level of a nested one) goes to a DuckDB vector. */
export interface Writer {
  readonly type: DuckDBType;
  /** Writes `count` rows from `start` to the beginning of the vector. */
  readonly write: (vector: RawVector, data: Data, start: number, count: number) => void;
}

type Write = Writer["write"];

const spendNothing = (): void => {};

/** A DuckDB list entry is two 64-bit numbers: where its values start, and how many they are. */
export function writeLists(item: Write): Write {
  return (vector, data, start, count) => {
    const { valueOffsets } = data;
    const first = Number(valueOffsets[start]);
    const entries = new BigUint64Array(count * 2);
    for (let i = 0; i < count; i++) {
      const begin = Number(valueOffsets[start + i]);
      entries[i * 2] = BigInt(begin - first);
      entries[i * 2 + 1] = BigInt(Number(valueOffsets[start + i + 1]) - begin);
    }
    writeBytes(vector, new Uint8Array(entries.buffer));
    const length = Number(valueOffsets[start + count]) - first;
    item(sizeList(vector, length), data.children[0]!, first, length);
  };
}

export function writeFixedLists(item: Write, size: number): Write {
  return (vector, data, start, count) => item(arrayChild(vector), data.children[0]!, start * size, count * size);
}

/** The entries of a map: a struct that is never null. */
export function writeEntries(members: readonly Writer[]): Write {
  return writeMembers(members);
}

export function writeMembers(members: readonly Writer[]): Write {
  return (vector, data, start, count) => {
    members.forEach(({ write }, m) => {
      write(structChild(vector, m), data.children[m]!, start, count);
    });
  };
}

/** A union is a struct in DuckDB: the tag, then each member, null in the rows of the others. */
export function writeUnion(members: readonly Writer[]): Write {
  return (vector, data, start, count) => {
    const { type, typeIds, valueOffsets } = data as Data<Union>;
    const dense = type.mode === UnionMode.Dense;
    const tags = Uint8Array.from({ length: count }, (_, i) => type.typeIds.indexOf(typeIds[start + i]!));
    writeBytes(structChild(vector, 0), tags);
    members.forEach(({ write }, m) => {
      const child = data.children[m]!;
      const bits = new Uint8Array((count + 7) >> 3);
      const rows = new Int32Array(count);
      let present = 0;
      for (let i = 0; i < count; i++) {
        if (tags[i] !== m) continue;
        const row = dense ? valueOffsets[start + i]! : start + i;
        rows[i] = row;
        if (isNull(child, row)) continue;
        bits[i >> 3]! |= 1 << (i & 7);
        present++;
      }
      const target = structChild(vector, m + 1);
      if (present === 0) writeAllNull(target, count);
      else write(target, masked(take(child, rows, spendNothing), bits, count - present), 0, count);
    });
  };
}

export function writeDictionary(value: Write, column: string): Write {
  return (vector, data, start, count) => {
    const dictionary = data.dictionary as Vector;
    if (dictionary.data.length > 1) throw misfit(column, "has a dictionary that comes in parts: send it whole");
    const values = dictionary.data[0];
    const keys = new Int32Array(count);
    const bits = new Uint8Array((count + 7) >> 3);
    let present = 0;
    for (let i = 0; i < count; i++) {
      if (isNull(data, start + i)) continue;
      const key = Number(data.values[start + i]);
      if (!values || key < 0 || key >= values.length)
        throw misfit(column, `has a key ${key} that its dictionary has not`);
      keys[i] = key;
      if (isNull(values, key)) continue;
      bits[i >> 3]! |= 1 << (i & 7);
      present++;
    }
    if (!values || present === 0) writeAllNull(vector, count);
    else value(vector, masked(take(values, keys, spendNothing), bits, count - present), 0, count);
  };
}

/** The same values with other nulls. Row 0 stands in for rows that have none; these are null now. */
function masked(data: Data, nullBitmap: Uint8Array, nullCount: number): Data {
  return data.clone(
    data.type,
    0,
    data.length,
    nullCount,
    [data.valueOffsets, data.values, nullBitmap, data.typeIds] as never,
    data.children,
  );
}
