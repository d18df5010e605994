import { bitAt } from "./buffers.ts";
import { bytesAt, type Part } from "./memory.ts";

/*
 * A DuckDB string is 16 bytes: the length, then up to 12 bytes in place, or 4 bytes of prefix and a pointer.
 */
const entryWidth = 16;
const inlineLimit = 12;

/** How many bytes the strings of a part are long together. */
export function textBytes(part: Part): number {
  const { words, valid } = entries(part);
  let total = 0;
  for (let i = 0; i < part.length; i++) {
    // What stands in a null row is not a string.
    if (bitAt(valid, part.start + i)) total += words[i * 4]!;
  }
  return total;
}

/** Offsets and bytes of the strings of all parts, one after the other. */
export function joinText(parts: readonly Part[], rows: number): { valueOffsets: Int32Array; data: Uint8Array } {
  let total = 0;
  for (const part of parts) total += textBytes(part);
  // With room behind it: see copyText.
  const data = new Uint8Array(total + inlineLimit).subarray(0, total);
  const valueOffsets = new Int32Array(rows + 1);
  let row = 0;
  let at = 0;
  for (const part of parts) {
    at = copyText(part, data, at, valueOffsets, row);
    row += part.length;
  }
  return { valueOffsets, data };
}

function copyText(part: Part, data: Uint8Array, begin: number, offsets: Int32Array, row: number): number {
  const { bytes, words, valid } = entries(part);
  const out = new DataView(data.buffer);
  let at = begin;
  // Long strings of a result stand one behind the other in few blocks. A run of them is fetched with one call: a call
  // for each costs a microsecond, ten times the copy. Only what touches exactly is joined, so nothing is read that is
  // not a string.
  let runEntry = 0;
  let runLength = 0;
  let runEndLow = 0;
  let runEndHigh = 0;
  const flush = () => {
    if (runLength === 0) return;
    data.set(bytesAt(bytes, runEntry * entryWidth + 8, runLength), at);
    at += runLength;
    runLength = 0;
  };
  for (let i = 0; i < part.length; i++) {
    if (bitAt(valid, part.start + i)) {
      const length = words[i * 4]!;
      if (length <= inlineLimit) {
        flush();
        // Words and not bytes: what is too much is overwritten by the next, and there is room for it behind the last.
        out.setUint32(at, words[i * 4 + 1]!, true);
        if (length > 4) out.setUint32(at + 4, words[i * 4 + 2]!, true);
        if (length > 8) out.setUint32(at + 8, words[i * 4 + 3]!, true);
        at += length;
      } else {
        const low = words[i * 4 + 2]!;
        const high = words[i * 4 + 3]!;
        if (runLength === 0 || low !== runEndLow || high !== runEndHigh) {
          flush();
          runEntry = i;
        }
        runLength += length;
        const sum = low + length;
        runEndLow = sum >>> 0;
        runEndHigh = high + (sum > 0xffffffff ? 1 : 0);
      }
    }
    offsets[row + i + 1] = at + runLength;
  }
  flush();
  return at;
}

function entries(part: Part): { bytes: Uint8Array; words: Uint32Array; valid: Uint8Array | null } {
  const bytes = part.bytes(entryWidth);
  return {
    bytes,
    words: new Uint32Array(bytes.buffer, bytes.byteOffset, part.length * 4),
    valid: part.validity,
  };
}
