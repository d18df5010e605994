import { isUtf8 } from "node:buffer";
import { type Data, type FixedSizeBinary, Type } from "apache-arrow";
import { type RawVector, writeBytes, writeText } from "./memory.ts";
import { isNull, misfit } from "./write-rows.ts";

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
  const bytesOf = reader(data);
  const known = checked === undefined || rangeIsUtf8(data, start, count);
  const entries = new Uint8Array(count * entryWidth);
  const words = new Uint32Array(entries.buffer);
  const long: number[] = [];
  for (let i = 0; i < count; i++) {
    if (isNull(data, start + i)) continue;
    const bytes = bytesOf(start + i);
    // A value cut out of the middle of a character is wrong, however right the whole is.
    if (checked !== undefined && (known ? ((bytes[0] ?? 0) & 0xc0) === 0x80 : !isUtf8(bytes)))
      throw misfit(checked, "has text that is not UTF-8");
    if (bytes.byteLength > inlineLimit) {
      long.push(i);
      continue;
    }
    words[i * 4] = bytes.byteLength;
    const at = i * entryWidth + 4;
    for (let b = 0; b < bytes.byteLength; b++) entries[at + b] = bytes[b]!;
  }
  writeBytes(vector, entries);
  for (const i of long) writeText(vector, i, bytesOf(start + i));
}

/** Whether all bytes under the rows are UTF-8 together; false also where they do not lie together. */
function rangeIsUtf8({ type, values, valueOffsets }: Data, start: number, count: number): boolean {
  if (type.typeId !== Type.Utf8 && type.typeId !== Type.LargeUtf8) return false;
  return isUtf8(values.subarray(Number(valueOffsets[start]), Number(valueOffsets[start + count])));
}

function reader(data: Data): (row: number) => Uint8Array {
  const values: Uint8Array = data.values;
  switch (data.type.typeId as Type) {
    case Type.FixedSizeBinary: {
      const { byteWidth } = data.type as FixedSizeBinary;
      return (i) => values.subarray(i * byteWidth, (i + 1) * byteWidth);
    }
    case Type.Utf8View:
    case Type.BinaryView: {
      // Columnar.rst, variable-size binary view: [i32 length] then 12 bytes inline, or [prefix] [i32 buffer] [i32 offset].
      const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
      return (i) => {
        const at = i * entryWidth;
        const length = view.getInt32(at, true);
        if (length <= inlineLimit) return values.subarray(at + 4, at + 4 + length);
        const from = view.getInt32(at + 12, true);
        return data.variadicBuffers[view.getInt32(at + 8, true)]!.subarray(from, from + length);
      };
    }
    default: {
      const { valueOffsets } = data;
      return (i) => values.subarray(Number(valueOffsets[i]), Number(valueOffsets[i + 1]));
    }
  }
}
