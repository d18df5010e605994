import type { Data, Union } from "apache-arrow";
import type { WireField } from "./schema.ts";

// What a damaged or hostile batch could get wrong, found before anybody reads a value by it.

/** The end of the last value; the offsets are known to start at 0 or later and never to go back. */
export function lastOffset(offsets: Int32Array | BigInt64Array, field: WireField): number {
  let previous = 0;
  if (offsets instanceof Int32Array) {
    for (let i = 0; i < offsets.length; i++) {
      const offset = offsets[i]!;
      if (offset < previous) throw badOffset(field, i);
      previous = offset;
    }
    return previous;
  }
  // Read in halves: a bigint per offset would cost an allocation each.
  const words = new Uint32Array(offsets.buffer, offsets.byteOffset, offsets.length * 2);
  for (let i = 0; i < words.length; i += 2) {
    const offset = words[i + 1]! * 2 ** 32 + words[i]!;
    if (offset < previous || offset > Number.MAX_SAFE_INTEGER) throw badOffset(field, i >> 1);
    previous = offset;
  }
  return previous;
}

function badOffset(field: WireField, i: number): RangeError {
  return new RangeError(`offset ${i} of column "${field.path}" goes backwards or outside its values`);
}

// Columnar.rst, variable-size binary view: [i32 length] then 12 bytes inline, or [prefix] [i32 buffer] [i32 offset].
export function checkViews(
  views: Uint8Array,
  buffers: readonly Uint8Array[],
  field: WireField,
  isNull: (row: number) => boolean,
): void {
  const words = new Int32Array(views.buffer, views.byteOffset, views.byteLength >> 2);
  for (let i = 0; i < words.length; i += 4) {
    const length = words[i]!;
    if (length <= 12 && length >= 0) continue;
    const buffer = buffers[words[i + 2]!];
    const offset = words[i + 3]!;
    if (length < 0 || buffer === undefined || offset < 0 || offset + length > buffer.byteLength) {
      // The cell of a null may hold anything. No reader looks at it, but copies of the column keep it.
      if (isNull(i >> 2)) continue;
      throw new RangeError(`view ${i >> 2} of column "${field.path}" points outside its buffers`);
    }
  }
}

export function checkUnion(
  field: WireField,
  type: Union,
  ids: Int8Array,
  offsets: Int32Array | undefined,
  children: readonly Data[],
): void {
  const childOf = new Int8Array(256).fill(-1);
  type.typeIds.forEach((id, i) => {
    childOf[id & 255] = i;
  });
  for (let i = 0; i < ids.length; i++) {
    const child = children[childOf[ids[i]! & 255]!];
    if (child === undefined) throw new RangeError(`union "${field.path}" has no type ${ids[i]}`);
    const offset = offsets?.[i];
    if (offset !== undefined && (offset < 0 || offset >= child.length)) throw badOffset(field, i);
  }
}

/** Every key that is not null is one that the dictionary has. */
export function checkKeys(
  keys: Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array,
  entries: number,
  field: WireField,
  isNull: (row: number) => boolean,
): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if ((key < 0 || key >= entries) && !isNull(i))
      throw new RangeError(`key ${key} of column "${field.path}" is not in its dictionary of ${entries}`);
  }
}

/** 64-bit dictionary keys as 32-bit ones, which is what apache-arrow can look up. */
export function narrowKeys(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  const keys = new Int32Array(words.length >> 1);
  // -1, which no dictionary has, stands for what 31 bits cannot hold: `checkKeys` decides whether anybody reads it.
  for (let i = 0; i < keys.length; i++) keys[i] = words[i * 2 + 1] === 0 ? Math.max(-1, words[i * 2]!) : -1;
  return keys;
}
