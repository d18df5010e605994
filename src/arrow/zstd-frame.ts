const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

// What zstd's own decoder allows without being told otherwise (ZSTD_WINDOWLOG_LIMIT_DEFAULT).
const maxWindow = 2 ** 27;

/**
 * Reads the header of the first Zstandard frame (RFC 8878, 3.1.1), so that no decompressor allocates what a damaged
 * header claims.
 *
 * @param size what is expected to come out
 * @throws RangeError for what is no Zstandard frame, or one that cannot hold `size` bytes
 */
export function readZstdFrame(bytes: Uint8Array, size: number): { contentSize: number | null } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8) throw damage("it is too short");
  // The smallest block is 4 bytes and makes 128 KiB at most.
  if (size > Math.ceil(bytes.byteLength / 4) * 2 ** 17)
    throw damage(`${size} bytes cannot come out of ${bytes.byteLength}`);
  const word = view.getUint32(0, true);
  if ((word & 0xfffffff0) >>> 0 === skippableMagic) return { contentSize: null };
  if (word !== magic) throw damage("it begins with no frame");
  const descriptor = bytes[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 2 ** sizeFlag;
  if (at + sizeBytes > bytes.byteLength) throw damage("it ends within its header");
  if (!isSingleSegment) {
    const base = 2 ** (10 + (bytes[5]! >> 3));
    const window = base + (base / 8) * (bytes[5]! & 7);
    if (window > maxWindow) throw damage(`it wants a window of ${window} bytes`);
  }
  const contentSize = sizeBytes === 0 ? null : readSize(view, at, sizeBytes);
  if (contentSize !== null && contentSize > size) throw damage(`it holds ${contentSize} bytes instead of ${size}`);
  return { contentSize };
}

function readSize(view: DataView, at: number, bytes: number): number {
  switch (bytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    default:
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  }
}

function damage(what: string): RangeError {
  return new RangeError(`the Zstandard data is damaged: ${what}`);
}
