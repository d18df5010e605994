// Invalid UTF-8 must be an error, not a replacement character, and a leading U+FEFF is a character of the value.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// V8 refuses longer strings; the text of a slice of rows is far below it unless single values are huge.
const maxText = 1 << 28;

/**
 * Reads the strings of a column with offsets, for the rows from `begin` to `end`.
 *
 * TextDecoder costs far more to call than to run, so the whole range is decoded once and values are cut out of the
 * result. For ASCII text byte offsets are string offsets; otherwise one pass over the bytes finds where they fall.
 */
export function textReader(
  bytes: Uint8Array,
  offsets: Int32Array | BigInt64Array,
  begin: number,
  end: number,
  column: string,
): (i: number) => string {
  const one = (i: number): string => decode(bytes, Number(offsets[i]), Number(offsets[i + 1]), column);
  if (end <= begin) return one;
  const first = Number(offsets[begin]);
  const last = Number(offsets[end]);
  if (last - first > maxText) return one;
  let text: string;
  try {
    text = utf8.decode(bytes.subarray(first, last));
  } catch {
    // What lies under a null or between values is nobody's text: only a value that is read must be valid.
    return one;
  }
  if (text.length === last - first) {
    if (offsets instanceof BigInt64Array)
      return (i) => text.slice(Number(offsets[i]) - first, Number(offsets[i + 1]) - first);
    return (i) => text.slice(offsets[i]! - first, offsets[i + 1]! - first);
  }
  const cuts = stringOffsets(bytes, offsets, begin, end);
  if (cuts === null) return one;
  return (i) => text.slice(cuts[i - begin], cuts[i - begin + 1]);
}

export function decode(bytes: Uint8Array, start: number, end: number, column: string): string {
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw new TypeError(`a value of column "${column}" is not valid UTF-8`, { cause });
  }
}

/** Byte offsets as UTF-16 offsets into the decoded text; null when a value starts inside a character. */
function stringOffsets(
  bytes: Uint8Array,
  offsets: Int32Array | BigInt64Array,
  begin: number,
  end: number,
): Uint32Array | null {
  const cuts = new Uint32Array(end - begin + 1);
  let at = Number(offsets[begin]);
  let units = 0;
  for (let row = begin; row < end; row++) {
    const stop = Number(offsets[row + 1]);
    if (at < stop && (bytes[at]! & 0xc0) === 0x80) return null;
    for (; at < stop; at++) {
      const byte = bytes[at]!;
      // A character is counted by its first byte; those of four bytes take two UTF-16 units.
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    cuts[row - begin + 1] = units;
  }
  return cuts;
}
