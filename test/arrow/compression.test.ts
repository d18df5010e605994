import { describe, expect, test } from "vitest";
import { codecLoader } from "../../src/arrow/codecs.ts";
import type { Inflate, LoadCodec } from "../../src/arrow/decode.ts";
import { decompressor } from "../../src/arrow/decompress.ts";
import type { IpcMessage } from "../../src/arrow/encode.ts";
import { inflateBuffers } from "../../src/arrow/inflate.ts";
import { inflateLz4 } from "../../src/arrow/lz4.ts";
import { readMessage } from "../../src/arrow/message.ts";
import { loadPlainZstd, loadWasmZstd } from "../../src/arrow/zstd.ts";
import { golden } from "./golden/golden.ts";
import { decodeMessages, messagesOf, valuesOf } from "./streams.ts";

const text = new TextEncoder();
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

// LZ4 frames by hand, after the format's description: magic, flags, block size, …, header checksum, blocks, end.
const magic = [0x04, 0x22, 0x4d, 0x18];
const end = [0, 0, 0, 0];
const stored = (...bytes: number[]): number[] => [bytes.length, 0, 0, 0x80, ...bytes];
const packed = (...bytes: number[]): number[] => [bytes.length, 0, 0, 0, ...bytes];
const abc = [0x61, 0x62, 0x63];

describe("LZ4 frames", () => {
  const frame = (flags: number, ...rest: number[]): Uint8Array => Uint8Array.from([...magic, flags, 0x40, 0, ...rest]);

  test.each([
    ["a stored block", frame(0x60, ...stored(...abc), ...end), "abc"],
    ["literals alone", frame(0x60, ...packed(0x30, ...abc), ...end), "abc"],
    // 3 literals, a match of 4+5 at distance 3 that overlaps itself, and one last literal.
    ["an overlapping match", frame(0x60, ...packed(0x35, ...abc, 3, 0, 0x10, 0x64), ...end), "abcabcabcabcd"],
    [
      "a block that refers to the one before",
      frame(0x40, ...stored(...abc), ...packed(0x00, 3, 0, 0x10, 0x64), ...end),
      "abcabcad",
    ],
    ["block checksums", frame(0x70, ...stored(...abc), 9, 9, 9, 9, ...end), "abc"],
    ["a content checksum", frame(0x64, ...stored(...abc), ...end, 9, 9, 9, 9), "abc"],
    [
      "a content size",
      Uint8Array.from([...magic, 0x68, 0x40, 3, 0, 0, 0, 0, 0, 0, 0, 0, ...stored(...abc), ...end]),
      "abc",
    ],
    [
      "two frames",
      Uint8Array.from([...frame(0x60, ...stored(...abc), ...end), ...frame(0x60, ...stored(...abc), ...end)]),
      "abcabc",
    ],
    [
      "a skippable frame",
      Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7, ...frame(0x60, ...stored(...abc), ...end)]),
      "abc",
    ],
    // 15 + 255 + 10 literals: lengths go on while a byte is 255.
    [
      "a long length",
      frame(0x60, 27, 1, 0, 0, 0xf0, 255, 10, ...Array<number>(280).fill(0x78), ...end),
      "x".repeat(280),
    ],
  ])("%s", (_, bytes, expected) => {
    expect(inflateLz4(bytes, expected.length)).toEqual(text.encode(expected));
    expect(() => inflateLz4(bytes, expected.length + 1)).toThrow(RangeError);
    expect(() => inflateLz4(bytes, expected.length - 1)).toThrow(RangeError);
    for (let n = 0; n < bytes.length - 8; n++)
      expect(() => inflateLz4(bytes.subarray(0, n), expected.length), `cut at ${n}`).toThrow(RangeError);
  });

  test.each([
    ["an unknown version", frame(0x20, ...stored(...abc), ...end), "version"],
    ["a dictionary", frame(0x61, ...stored(...abc), ...end), "dictionary"],
    ["a match before the beginning", frame(0x60, ...packed(0x30, ...abc, 4, 0, 0x10, 0x64), ...end), "reaches too far"],
    ["a match at distance 0", frame(0x60, ...packed(0x30, ...abc, 0, 0, 0x10, 0x64), ...end), "reaches too far"],
    ["a block that ends with a match", frame(0x60, ...packed(0x30, ...abc, 3, 0), ...end), "last literals"],
    ["other bytes", text.encode("no frame at all"), "no frame"],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => inflateLz4(bytes, 8)).toThrow(message);
  });

  test("what cannot be in there is not allocated", () => {
    expect(() => inflateLz4(frame(0x60, ...stored(...abc), ...end), 2 ** 40)).toThrow("cannot come out of");
  });
});

describe.each<[string, () => Promise<Inflate>]>([
  ["WebAssembly", loadWasmZstd],
  ["JavaScript", loadPlainZstd],
])("Zstandard by %s", (_, load) => {
  const codec: LoadCodec = load;
  // pyarrow's CompressedOutputStream: 3 times 40 times the same 25 characters, without their size in the frame.
  const streamed = bytesOf("KLUv/QBIDQEAyHN0cmVhbWVkIHdpdGhvdXQgYSBzaXplLCABAHGO/TkG");
  const expected = text.encode("streamed without a size, ".repeat(120));

  test.each(["zstd/mixed", "zstd/linked-blocks", "dictionary/delta-compressed"])("inflates %s", async (name) => {
    const { stream, batches } = golden(name);
    expect(valuesOf((await decodeMessages(await messagesOf(stream), codec)).batches)).toEqual(batches);
  });

  test("inflates a frame that does not say its size, and no more than was promised", async () => {
    const inflate = await load();
    expect(inflate(streamed, expected.length)).toEqual(expected);
    for (const size of [expected.length - 1, expected.length + 1, 1]) {
      expect(outcome(() => inflate(streamed, size).byteLength)).not.toBe(size);
    }
  });

  test("refuses what cannot be in there before allocating it", async () => {
    const inflate = await load();
    expect(() => inflate(streamed, 2 ** 40)).toThrow("cannot come out of");
    expect(() => inflate(text.encode("no frame at all"), 10)).toThrow("no frame");
    const window = Uint8Array.from(streamed);
    window[5] = 0xff;
    expect(() => inflate(window, expected.length)).toThrow("window");
    expect(() => inflate(Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 255, 255, 255, 127, 1, 0, 0]), 10)).toThrow(
      "instead of 10",
    );
  });
});

describe("compressed bodies", () => {
  test.each(["lz4/linked-blocks", "zstd/linked-blocks"])("%s with a wrong length is refused", async (name) => {
    const messages = await messagesOf(golden(name).stream);
    // Of its two buffers with something in them, the text is the larger one.
    for (const wrong of [-2n, 1n, 179_999n, 180_004n, 2n ** 31n, 2n ** 40n, 2n ** 62n]) {
      const changed = withLength(messages[1]!, wrong);
      await expect(decodeMessages([messages[0]!, changed]), String(wrong)).rejects.toThrow(RangeError);
      await expect(decompressor(codecLoader())(changed), String(wrong)).rejects.toThrow(RangeError);
    }
  });

  test("stored and empty buffers need no codec's work", () => {
    const body = new Uint8Array(24);
    new DataView(body.buffer).setBigInt64(0, -1n, true);
    body.set([1, 2, 3], 8);
    const layout = {
      length: 3,
      nodes: [],
      variadicCounts: [],
      codec: 0,
      buffers: [
        { offset: 0, length: 11 },
        { offset: 16, length: 0 },
        { offset: 16, length: 8 },
      ],
    };
    const never: Inflate = () => {
      throw new Error("asked");
    };
    expect(inflateBuffers(layout, body, never, () => {})).toEqual([
      Uint8Array.of(1, 2, 3),
      new Uint8Array(0),
      new Uint8Array(0),
    ]);
  });

  test("a large batch lets timers run between its buffers", async () => {
    const size = 3 * 1024 * 1024;
    const body = new Uint8Array(16 * 8);
    const buffers = Array.from({ length: 8 }, (_, i) => ({ offset: i * 16, length: 16 }));
    for (const { offset } of buffers) new DataView(body.buffer).setBigInt64(offset, BigInt(size), true);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const seen: number[] = [];
    const inflate: Inflate = (_, n) => {
      seen.push(turns);
      const until = performance.now() + 5;
      while (performance.now() < until);
      return new Uint8Array(n);
    };
    const layout = { length: 0, nodes: [], variadicCounts: [], codec: 0, buffers };
    expect(await inflateBuffers(layout, body, inflate, () => {})).toHaveLength(8);
    clearInterval(timer);
    expect(seen.at(-1)).toBeGreaterThan(0);
  });

  test("a batch may be limited, however it is packed", async () => {
    const { FlightDecoder } = await import("../../src/arrow/decode.ts");
    for (const name of ["lz4/linked-blocks", "zstd/linked-blocks"]) {
      const [schema, batch] = await messagesOf(golden(name).stream);
      const decoder = new FlightDecoder(codecLoader(), 100_000);
      decoder.decode(schema!.header, schema!.body);
      await expect(decoder.decode(batch!.header, batch!.body)).rejects.toThrow("unpacks to more than 100000 bytes");
    }
  });

  test("decompressing leaves plain messages as they are and packed ones without a codec", async () => {
    const plain = decompressor(codecLoader());
    const [schema, batch] = await messagesOf(golden("lz4/mixed").stream);
    expect(await plain(schema!)).toBe(schema);
    const message = readMessage((await plain(batch!)).header);
    expect(message).toMatchObject({ kind: "batch", layout: { codec: null, length: 4 } });
    const refused = decompressor(() => Promise.reject(new TypeError("none here")));
    await expect(refused(batch!)).rejects.toThrow("none here");
  });
});

/** The message with another number as the uncompressed length of its largest buffer. */
function withLength(message: IpcMessage, length: bigint): IpcMessage {
  const read = readMessage(message.header);
  if (read.kind !== "batch") throw new Error("no batch");
  const largest = read.layout.buffers.reduce((a, b) => (b.length > a.length ? b : a));
  const body = message.body.slice();
  new DataView(body.buffer).setBigInt64(largest.offset, length, true);
  return { header: message.header, body };
}

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return "thrown";
  }
}
