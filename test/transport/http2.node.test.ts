import { describe, expect, test } from "vitest";
import {
  FrameReader,
  type FrameSink,
  flag,
  frame,
  frameType,
  headerFragment,
} from "../../src/transport/http2/frames.ts";
import { encodeHeaders, HeaderDecoder, type HeaderField } from "../../src/transport/http2/hpack.ts";
import { nodeClient, startServer } from "./http2-server.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("header blocks", () => {
  test("RFC 7541, C.4: three requests on one connection, in Huffman code", () => {
    const decoder = new HeaderDecoder(4096);
    expect(decoder.decode(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))).toEqual([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
    ]);
    expect(decoder.decode(hex("8286 84be 5886 a8eb 1064 9cbf"))?.slice(3)).toEqual([
      [":authority", "www.example.com"],
      ["cache-control", "no-cache"],
    ]);
    expect(decoder.decode(hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))).toEqual([
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      [":authority", "www.example.com"],
      ["custom-key", "custom-value"],
    ]);
  });

  test("what we encode is what is decoded", () => {
    const fields: HeaderField[] = [
      [":method", "POST"],
      [":scheme", "https"],
      [":path", "/arrow.flight.protocol.FlightService/DoGet"],
      ["authorization", "Bearer x"],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ["x-long", "v".repeat(70_000)],
      ["x-empty", ""],
    ];
    expect(new HeaderDecoder(1 << 20).decode(encodeHeaders(fields))).toEqual(fields);
    // RFC 7541, 6.2.3: never indexed, name 23 of the static table.
    expect(encodeHeaders([["authorization", "a"]])).toEqual(hex("1f08 01 61"));
  });

  test("a table that shrinks forgets, and one that grows too large is refused", () => {
    const decoder = new HeaderDecoder(4096);
    const indexed = hex("40 01 61 01 62"); // a: b
    expect(decoder.decode(Buffer.concat([indexed, hex("be")]))).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(() => decoder.decode(hex("20 be"))).toThrow("no entry 62");
    expect(() => decoder.decode(hex("3f e2 1f"))).toThrow("larger than allowed");
  });

  test("more than the limit is told apart from what cannot be read, and keeps the table right", () => {
    const decoder = new HeaderDecoder(200);
    expect(decoder.decode(Buffer.concat([hex("40 01 61 01 62"), encodeHeaders([["x", "y".repeat(200)]])]))).toBeNull();
    expect(decoder.decode(hex("be"))).toEqual([["a", "b"]]);
  });

  for (const [what, block] of [
    ["an index of 0", "80"],
    ["a string beyond the end", "00 05 61"],
    ["a number without an end", "ff ff ff ff ff ff"],
    ["a field cut off", "40 01 61"],
    ["the end mark in Huffman code", "00 01 61 84 ff ff ff ff"],
    ["padding of zeros", "00 01 61 81 00"],
  ] as const)
    test(`refused: ${what}`, () => {
      expect(() => new HeaderDecoder(4096).decode(hex(block))).toThrow("a header");
    });

  test("every character that a header can carry, as another implementation encodes it", async () => {
    const text = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
    const latin = "\u00e9\u00ff\u0080".repeat(20);
    const server = await startServer((stream) => {
      stream.respond(
        {
          ":status": 200,
          "content-type": "application/grpc",
          "x-text": `!${text}!`,
          "x-latin": latin,
          "grpc-status": "5",
        },
        { endStream: true },
      );
    });
    const client = nodeClient(server.url);
    try {
      for (let i = 0; i < 3; i++) {
        const error = await client.getFlightInfo({}).catch((e: unknown) => e as { metadata: Headers });
        expect((error as { metadata: Headers }).metadata.get("x-text")).toBe(`!${text}!`);
        expect((error as { metadata: Headers }).metadata.get("x-latin")).toBe(latin);
      }
    } finally {
      client.transport.close();
      await server.close();
    }
  });
});

describe("frames", () => {
  function collect(): { sink: FrameSink; seen: unknown[] } {
    const seen: unknown[] = [];
    let data = "";
    let flow = 0;
    return {
      seen,
      sink: {
        data(stream, bytes, flowBytes, ends) {
          data += Buffer.from(bytes).toString("latin1");
          flow += flowBytes;
          if (!ends) return;
          seen.push([stream, data, flow]);
          data = "";
          flow = 0;
        },
        frame: (type, flags, stream, payload) => seen.push([type, flags, stream, payload.toString("latin1")]),
      },
    };
  }
  const padded = (text: string, padding: number): Buffer =>
    Buffer.concat([Buffer.of(padding), Buffer.from(text), Buffer.alloc(padding)]);

  test("cut anywhere, padded or not", () => {
    const wire = Buffer.concat([
      frame(frameType.settings, 0, 0, Buffer.alloc(0)),
      frame(frameType.data, 0, 1, Buffer.from("abc")),
      frame(frameType.data, flag.padded, 1, padded("def", 5)),
      frame(frameType.ping, 0, 0, Buffer.from("12345678")),
      frame(frameType.data, flag.padded | flag.endStream, 1, padded("", 200)),
      frame(frameType.data, flag.endStream, 3, Buffer.alloc(0)),
    ]);
    for (let size = 1; size <= wire.length; size++) {
      const { sink, seen } = collect();
      const reader = new FrameReader(sink, 16_384);
      for (let at = 0; at < wire.length; at += size) reader.push(wire.subarray(at, at + size));
      expect(seen).toEqual([
        [4, 0, 0, ""],
        [6, 0, 0, "12345678"],
        [1, "abcdef", 3 + 9 + 201],
        [3, "", 0],
      ]);
    }
  });

  test("what cannot be is refused", () => {
    const push = (bytes: Buffer): void => new FrameReader(collect().sink, 100).push(bytes);
    expect(() => push(frame(frameType.data, 0, 1, Buffer.alloc(101)))).toThrow("larger than the settings allow");
    expect(() => push(frame(frameType.data, flag.padded, 1, Buffer.of(2, 0)))).toThrow("padding");
    expect(() => push(frame(frameType.data, flag.padded, 1, Buffer.alloc(0)))).toThrow("padding");
    expect(() => headerFragment(flag.padded | flag.priority, Buffer.of(1, 0, 0, 0, 0, 0))).toThrow("padding");
  });
});
