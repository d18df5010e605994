import { bitAt } from "./buffers.ts";
import type { Part } from "./memory.ts";

/* Values whose layout in Arrow differs from DuckDB's. Both are little-endian. */

/** One byte a value to one bit a value. */
export function packBools(parts: readonly Part[], rows: number): Uint8Array {
  const bits = new Uint8Array((rows + 7) >> 3);
  let at = 0;
  for (const part of parts) {
    const bytes = part.bytes(1);
    for (let i = 0; i < part.length; i++, at++) {
      // Other bytes than 0 and 1 stand only in null rows.
      if (bytes[i] === 1) bits[at >> 3]! |= 1 << (at & 7);
    }
  }
  return bits;
}

/** Integers of 2, 4, 8 or 16 bytes to 16, keeping the sign. */
export function joinDecimals(parts: readonly Part[], rows: number, width: 2 | 4 | 8 | 16): Uint8Array {
  const out = new Int32Array(rows * 4);
  let at = 0;
  for (const part of parts) {
    const bytes = part.bytes(width);
    const count = bytes.byteLength / Math.min(width, 4);
    if (width === 16) out.set(new Int32Array(bytes.buffer, bytes.byteOffset, count), at);
    else if (width === 8) widenPairs(new Int32Array(bytes.buffer, bytes.byteOffset, count), out, at);
    else if (width === 4) widen(new Int32Array(bytes.buffer, bytes.byteOffset, count), out, at);
    else widen(new Int16Array(bytes.buffer, bytes.byteOffset, count), out, at);
    at += part.length * 4;
  }
  return new Uint8Array(out.buffer);
}

function widen(from: Int16Array | Int32Array, to: Int32Array, begin: number): void {
  let at = begin;
  for (let i = 0; i < from.length; i++, at += 4) {
    const value = from[i]!;
    to[at] = value;
    to.fill(value >> 31, at + 1, at + 4);
  }
}

function widenPairs(from: Int32Array, to: Int32Array, begin: number): void {
  let at = begin;
  for (let i = 0; i < from.length; i += 2, at += 4) {
    const high = from[i + 1]!;
    to[at] = from[i]!;
    to[at + 1] = high;
    to[at + 2] = to[at + 3] = high >> 31;
  }
}

/** HUGEINT is two words, the low one first: decimal128's own layout. */
export function joinHuge(parts: readonly Part[], rows: number): Uint8Array {
  return joinDecimals(parts, rows, 16);
}

/** 16 unsigned bytes to the 32 of decimal256. */
export function joinUnsignedHuge(parts: readonly Part[], rows: number): Uint8Array {
  const out = new Uint8Array(rows * 32);
  let at = 0;
  for (const part of parts) {
    const bytes = part.bytes(16);
    for (let i = 0; i < part.length; i++, at += 32) out.set(bytes.subarray(i * 16, i * 16 + 16), at);
  }
  return out;
}

/** Months, days and microseconds to months, days and nanoseconds. */
export function joinIntervals(parts: readonly Part[], rows: number): Uint8Array {
  const out = new Uint8Array(rows * 16);
  const words = new Int32Array(out.buffer);
  const longs = new BigInt64Array(out.buffer);
  let at = 0;
  for (const part of parts) {
    const bytes = part.bytes(16);
    const from = new Int32Array(bytes.buffer, bytes.byteOffset, part.length * 4);
    const fromLong = new BigInt64Array(bytes.buffer, bytes.byteOffset, part.length * 2);
    const valid = part.validity;
    for (let i = 0; i < part.length; i++, at++) {
      if (!bitAt(valid, part.start + i)) continue;
      const nanoseconds = fromLong[i * 2 + 1]! * 1000n;
      if (BigInt.asIntN(64, nanoseconds) !== nanoseconds) {
        throw new RangeError(
          "An INTERVAL of more than 292 years in hours and smaller units has no Arrow value (it counts nanoseconds in 64 bits): cast it to VARCHAR.",
        );
      }
      words[at * 4] = from[i * 4]!;
      words[at * 4 + 1] = from[i * 4 + 1]!;
      longs[at * 2 + 1] = nanoseconds;
    }
  }
  return out;
}
