// The LZ4 frame and block formats: https://github.com/lz4/lz4/tree/dev/doc. Checksums are skipped: Arrow's writers
// leave them out, and every length and distance is checked instead.
const frameMagic = 0x184d2204;
const skippableMagic = 0x184d2a50;

/**
 * Inflates LZ4 frames into exactly `size` bytes.
 *
 * The whole output is one buffer, so that the history which linked blocks refer to is simply what stands before.
 *
 * @throws RangeError when the input is damaged or holds more or less than `size` bytes
 */
export function inflateLz4(bytes: Uint8Array, size: number): Uint8Array {
  // A length byte of the format adds 255 bytes at most: more cannot be in there, and is not allocated.
  if (size > bytes.byteLength * 255) throw damage(`${size} bytes cannot come out of ${bytes.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Uint8Array(size);
  let at = 0;
  let filled = 0;
  while (at < bytes.byteLength) {
    if (at + 7 > bytes.byteLength) throw damage("it ends within a frame's header");
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      if (at + 8 > bytes.byteLength) throw damage("it ends within a frame's header");
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (magic !== frameMagic) throw damage("it begins with no frame");
    const flags = bytes[at + 4]!;
    if (flags >> 6 !== 1) throw damage("its version is unknown");
    if (flags & 0x01) throw damage("it wants a dictionary");
    const start = filled;
    // Magic, flags, block size, content size where there is one, and the header's checksum byte.
    at += 6 + (flags & 0x08 ? 8 : 0) + 1;
    for (;;) {
      if (at + 4 > bytes.byteLength) throw damage("it ends within a frame");
      const word = view.getUint32(at, true);
      at += 4;
      if (word === 0) break;
      const length = word & 0x7fffffff;
      if (at + length > bytes.byteLength) throw damage("a block reaches beyond it");
      const block = bytes.subarray(at, at + length);
      if (word >>> 31 === 1) {
        if (filled + length > size) throw damage(`it holds more than ${size} bytes`);
        out.set(block, filled);
        filled += length;
      } else filled = inflateBlock(block, out, filled, start);
      at += length + (flags & 0x10 ? 4 : 0);
    }
    at += flags & 0x04 ? 4 : 0;
  }
  if (filled !== size) throw damage(`it holds ${filled} bytes instead of ${size}`);
  return out;
}

/** @returns how far `out` is filled; matches reach back to `start` at most, where the frame began */
function inflateBlock(block: Uint8Array, out: Uint8Array, filled: number, start: number): number {
  const end = block.byteLength;
  let at = 0;
  let to = filled;
  while (at < end) {
    const token = block[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (at >= end) throw damage("a block ends within a length");
        literals += more = block[at++]!;
      }
    }
    if (at + literals > end || to + literals > out.byteLength) throw damage("its literals reach too far");
    // A call costs more than copying a few bytes.
    if (literals > 32) {
      out.set(block.subarray(at, at + literals), to);
      at += literals;
      to += literals;
    } else for (const stop = at + literals; at < stop; ) out[to++] = block[at++]!;
    // The last sequence of a block has no match.
    if (at === end) return to;
    if (at + 2 > end) throw damage("a block ends within a distance");
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255) {
        if (at >= end) throw damage("a block ends within a length");
        length += more = block[at++]!;
      }
    }
    if (distance === 0 || distance > to - start || to + length > out.byteLength)
      throw damage("a match reaches too far");
    if (distance >= length && length > 32) {
      out.copyWithin(to, to - distance, to - distance + length);
      to += length;
    } else for (const stop = to + length; to < stop; to++) out[to] = out[to - distance]!;
  }
  throw damage("a block ends without its last literals");
}

function damage(what: string): RangeError {
  return new RangeError(`the LZ4 data is damaged: ${what}`);
}
