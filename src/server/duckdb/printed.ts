import {
  type DuckDBType,
  type DuckDBValue,
  DuckDBVariantType,
  DuckDBVector,
  JsonDuckDBValueConverter,
} from "@duckdb/node-api";
import { makeData, Utf8 } from "apache-arrow";
import { bitAt, joinValidity } from "./buffers.ts";
import type { Column } from "./column.ts";
import type { Part } from "./memory.ts";

/* Types that Arrow has nothing for, as text. */

const uuidLength = 36;
const hex = "0123456789abcdef";

/** A UUID in its usual spelling. DuckDB keeps it as 128 bits, low word first, the top bit flipped so that it sorts. */
export function uuidColumn(): Column {
  const type = new Utf8();
  return {
    type,
    bytes: (part) => part.length * (uuidLength + 4),
    join: (parts, rows) => {
      const valueOffsets = new Int32Array(rows + 1);
      const data = new Uint8Array(rows * uuidLength);
      let at = 0;
      let row = 0;
      for (const part of parts) {
        const bytes = part.bytes(16);
        const valid = part.validity;
        for (let i = 0; i < part.length; i++) {
          if (bitAt(valid, part.start + i)) at = writeUuid(bytes, i * 16, data, at);
          valueOffsets[++row] = at;
        }
      }
      const validity = joinValidity(parts, rows);
      return makeData({ type, length: rows, ...validity, valueOffsets, data: data.subarray(0, at) });
    },
  };
}

function writeUuid(bytes: Uint8Array, from: number, data: Uint8Array, begin: number): number {
  let at = begin;
  for (let i = 15; i >= 0; i--) {
    const byte = i === 15 ? bytes[from + i]! ^ 0x80 : bytes[from + i]!;
    data[at++] = hex.charCodeAt(byte >> 4);
    data[at++] = hex.charCodeAt(byte & 15);
    // A hyphen behind the 4th, 6th, 8th and 10th byte.
    if (i === 12 || i === 10 || i === 8 || i === 6) data[at++] = 0x2d;
  }
  return at;
}

/** Rare types, one value at a time by node-api. */
export function printedColumn(duckdb: DuckDBType): Column {
  const type = new Utf8();
  const print = duckdb instanceof DuckDBVariantType ? printJson(duckdb) : (value: DuckDBValue) => String(value);
  return {
    type,
    bytes: (part) => part.length * 32,
    join: (parts, rows) => {
      const encoder = new TextEncoder();
      const valueOffsets = new Int32Array(rows + 1);
      const texts: Uint8Array[] = [];
      let row = 0;
      let length = 0;
      for (const part of parts) {
        for (const value of values(part, duckdb)) {
          if (value !== null) {
            const text = encoder.encode(print(value));
            texts.push(text);
            length += text.length;
          }
          valueOffsets[++row] = length;
        }
      }
      const data = new Uint8Array(length);
      let at = 0;
      for (const text of texts) {
        data.set(text, at);
        at += text.length;
      }
      return makeData({ type, length: rows, ...joinValidity(parts, rows), valueOffsets, data });
    },
  };
}

function* values(part: Part, type: DuckDBType): Generator<DuckDBValue> {
  const vector = DuckDBVector.create(part.vector, part.start + part.length, type);
  for (let i = 0; i < part.length; i++) yield vector.getItem(part.start + i);
}

function printJson(type: DuckDBType): (value: DuckDBValue) => string {
  return (value) => JSON.stringify(JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter));
}
