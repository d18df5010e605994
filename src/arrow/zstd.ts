import type { Inflate } from "./decode.ts";
import { readZstdFrame } from "./zstd-frame.ts";

/** Zstandard for where the platform has none: WebAssembly, or JavaScript where compiling it is refused. */
export async function loadZstd(): Promise<Inflate> {
  try {
    return await loadWasmZstd();
  } catch {
    return await loadPlainZstd();
  }
}

// WebAssembly memory never shrinks, and zstddec does not look whether it got the memory it asked for.
const maxWasmBytes = 2 ** 28;

/** Zstandard by WebAssembly. Rejects where that may not be compiled, as in workerd and under a strict page policy. */
export async function loadWasmZstd(): Promise<Inflate> {
  const { ZSTDDecoder } = await import("zstddec");
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const plain = await loadPlainZstd();
  return (bytes, size) => {
    readZstdFrame(bytes, size);
    return bytes.byteLength + size > maxWasmBytes ? plain(bytes, size) : decoder.decode(bytes, size);
  };
}

/** Zstandard by JavaScript alone. */
export async function loadPlainZstd(): Promise<Inflate> {
  const { Decompress, decompress } = await import("fzstd");
  return (bytes, size) => {
    if (readZstdFrame(bytes, size).contentSize === size) return decompress(bytes);
    // Without a size in its frame the data could be anything: taken piece by piece, it cannot grow beyond the promise.
    const out = new Uint8Array(size);
    let filled = 0;
    const stream = new Decompress((piece) => {
      if (filled + piece.byteLength > size) throw new RangeError(`the Zstandard data holds more than ${size} bytes`);
      out.set(piece, filled);
      filled += piece.byteLength;
    });
    stream.push(bytes, true);
    return out.subarray(0, filled);
  };
}
