import { isUtf8 } from "node:buffer";
import { type Data, type FixedSizeBinary, Type } from "apache-arrow";
import { type RawVector, writeBytes, writeText } from "./memory.ts";
import { hasNulls, isNull, misfit } from "./write-rows.ts";

const entryWidth = 16;
const inlineLimit = 12;

/** Writes strings (`checked`: they must be UTF-8) or bytes; DuckDB holds 12 bytes in place, longer ones elsewhere. */
export function writeTexts(
  vector: RawVector,
  data: Data,
  start: number,
  count: number,
  checked: string | undefined,
): void {
  const { values, locate } = places(data);
  const known = checked === undefined || rangeIsUtf8(data, start, count);
  const nulls = hasNulls(data);
  const entries = new Uint8Array(count * entryWidth);
  const words = new Uint32Array(entries.buffer);
  const long: number[] = [];
  for (let i = 0; i < count; i++) {
    if (nulls && isNull(data, start + i)) continue;
    const place = locate(start + i);
    const bytes = place.bytes ?? values;
    const { begin, end } = place;
    // A value cut out of the middle of a character is wrong, however right the whole is.
    if (
      checked !== undefined &&
      (known ? begin < end && (bytes[begin]! & 0xc0) === 0x80 : !isUtf8(bytes.subarray(begin, end)))
    )
      throw misfit(checked, "has text that is not UTF-8");
    if (end - begin > inlineLimit) {
      long.push(i);
      continue;
    }
    words[i * 4] = end - begin;
    for (let from = begin, to = i * entryWidth + 4; from < end; from++, to++) entries[to] = bytes[from]!;
  }
  writeBytes(vector, entries);
  for (const i of long) {
    const { bytes = values, begin, end } = locate(start + i);
    writeText(vector, i, bytes.subarray(begin, end));
  }
}

/** Whether all bytes under the rows are UTF-8 together; false also where they do not lie together. */
function rangeIsUtf8({ type, values, valueOffsets }: Data, start: number, count: number): boolean {
  if (type.typeId !== Type.Utf8 && type.typeId !== Type.LargeUtf8) return false;
  return isUtf8(values.subarray(Number(valueOffsets[start]), Number(valueOffsets[start + count])));
}

/** Where a value stands: in `bytes`, or in the column's values. */
interface Place {
  bytes: Uint8Array | undefined;
  begin: number;
  end: number;
}

/** A function that says where a row's value is. Its answer is one object, overwritten by the next. */
function places(data: Data): { values: Uint8Array; locate: (row: number) => Place } {
  const values: Uint8Array = data.values;
  const place: Place = { bytes: undefined, begin: 0, end: 0 };
  switch (data.type.typeId as Type) {
    case Type.FixedSizeBinary: {
      const { byteWidth } = data.type as FixedSizeBinary;
      const locate = (i: number): Place => {
        place.begin = i * byteWidth;
        place.end = place.begin + byteWidth;
        return place;
      };
      return { values, locate };
    }
    case Type.Utf8View:
    case Type.BinaryView: {
      // Columnar.rst, variable-size binary view: [i32 length] then 12 bytes inline, or [prefix] [i32 buffer] [i32 offset].
      const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
      const locate = (i: number): Place => {
        const at = i * entryWidth;
        const length = view.getInt32(at, true);
        const inline = length <= inlineLimit;
        place.bytes = inline ? undefined : data.variadicBuffers[view.getInt32(at + 8, true)];
        place.begin = inline ? at + 4 : view.getInt32(at + 12, true);
        place.end = place.begin + length;
        return place;
      };
      return { values, locate };
    }
    default: {
      const { valueOffsets } = data;
      const locate = (i: number): Place => {
        place.begin = Number(valueOffsets[i]);
        place.end = Number(valueOffsets[i + 1]);
        return place;
      };
      return { values, locate };
    }
  }
}
