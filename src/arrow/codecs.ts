import type { Inflate, LoadCodec } from "./decode.ts";

/**
 * Finds decompressors without configuration, each loaded when the first batch needs it.
 *
 * @param platformZstd the platform's own Zstandard, where it has one: ten times faster than any that is brought along
 */
export function codecLoader(platformZstd: () => Inflate | null = () => null): LoadCodec {
  return async (name) => {
    if (name === "lz4") return (await import("./lz4.ts")).inflateLz4;
    const platform = platformZstd();
    if (platform === null) return await (await import("./zstd.ts")).loadZstd();
    const { readZstdFrame } = await import("./zstd-frame.ts");
    return (bytes, size) => {
      readZstdFrame(bytes, size);
      return platform(bytes, size);
    };
  };
}
