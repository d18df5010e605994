import type { Part } from "./memory.ts";

/** An Arrow validity bitmap for parts laid one after the other; empty when nothing is null. */
export function joinValidity(parts: readonly Part[], rows: number): { nullCount: number; nullBitmap?: Uint8Array } {
  let bitmap: Uint8Array | undefined;
  let at = 0;
  for (const part of parts) {
    const valid = part.validity;
    if (valid) {
      bitmap ??= new Uint8Array((rows + 7) >> 3).fill(0xff);
      copyBits(bitmap, at, valid, part.start, part.length);
    }
    at += part.length;
  }
  if (!bitmap) return { nullCount: 0 };
  const nullCount = rows - countBits(bitmap, rows);
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitmap };
}

/** Whether a row (counted from the vector's start) is valid. */
export function bitAt(bits: Uint8Array | null, row: number): boolean {
  return bits === null || ((bits[row >> 3]! >> (row & 7)) & 1) === 1;
}

export function copyBits(
  target: Uint8Array,
  targetBit: number,
  source: Uint8Array,
  sourceBit: number,
  count: number,
): void {
  let done = 0;
  // DuckDB's chunks are 2048 rows, so nearly every copy starts on a byte in both.
  if ((targetBit & 7) === 0 && (sourceBit & 7) === 0) {
    const bytes = count >> 3;
    target.set(source.subarray(sourceBit >> 3, (sourceBit >> 3) + bytes), targetBit >> 3);
    done = bytes << 3;
  }
  for (; done < count; done++) {
    const s = sourceBit + done;
    const t = targetBit + done;
    if ((source[s >> 3]! >> (s & 7)) & 1) target[t >> 3]! |= 1 << (t & 7);
    else target[t >> 3]! &= ~(1 << (t & 7));
  }
}

function countBits(bits: Uint8Array, count: number): number {
  let total = 0;
  const whole = count >> 3;
  for (let i = 0; i < whole; i++) total += ones[bits[i]!]!;
  for (let i = whole << 3; i < count; i++) total += (bits[i >> 3]! >> (i & 7)) & 1;
  return total;
}

const ones: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let b = byte; b !== 0; b &= b - 1) count++;
  return count;
});
