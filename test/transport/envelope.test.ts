import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { FlightDataSchema, TicketSchema } from "../../src/gen/Flight_pb.ts";
import { type Envelope, EnvelopeReader, encodeEnvelope } from "../../src/transport/envelope.ts";
import { type Answer, cut, envelope, join, scriptedHttp } from "./scripted-http.ts";

async function open(answer: Answer, limit = Number.POSITIVE_INFINITY) {
  const { http, seen } = scriptedHttp(answer);
  const { body } = await http.request({
    url: "",
    header: new Headers(),
    body: [],
    signal: new AbortController().signal,
  });
  return { reader: new EnvelopeReader(body, http, limit), seen };
}

async function readAll(reader: EnvelopeReader): Promise<Envelope[]> {
  const all: Envelope[] = [];
  for (let one = await reader.next(); one !== null; one = await reader.next()) all.push(one);
  return all;
}

const bytes = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);

describe("envelopes out of chunks", () => {
  // Empty ones first, last, and in a row; a length whose head has more than one byte that is not 0.
  const messages = [bytes(0), bytes(1), bytes(13), bytes(0, 2), bytes(0, 3), bytes(300), bytes(8), bytes(0)];
  const wire = join(...messages.map((data, i) => envelope(data, i === 7 ? 0x80 : 0)));

  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 64, 127, 300, wire.byteLength];
  for (const size of sizes) {
    test(`in chunks of ${size}`, async () => {
      const { reader } = await open({ body: cut(wire, size) });
      const all = await readAll(reader);
      expect(all.map(({ data }) => [...data])).toEqual(messages.map((data) => [...data]));
      expect(all.map(({ flags }) => flags)).toEqual([0, 0, 0, 0, 0, 0, 0, 0x80]);
    });
  }

  test("cut in two at every place", async () => {
    const short = join(envelope(bytes(0)), envelope(bytes(11)), envelope(bytes(3)));
    for (let at = 0; at <= short.byteLength; at++) {
      const { reader } = await open({ body: [short.slice(0, at), short.slice(at)].filter((c) => c.byteLength > 0) });
      expect((await readAll(reader)).map(({ data }) => [...data])).toEqual([[], [...bytes(11)], [...bytes(3)]]);
    }
  });

  for (const [name, cutAt] of [
    ["in a head", 3],
    ["right after a head", 5],
    ["in a message", 9],
  ] as const) {
    test(`a body that ends ${name} is unavailable, after what came whole`, async () => {
      const { reader } = await open({ body: [envelope(bytes(4)), envelope(bytes(8)).slice(0, cutAt)] });
      expect((await reader.next())?.data.byteLength).toBe(4);
      const error = await reader.next().catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ConnectError);
      expect((error as ConnectError).code).toBe(Code.Unavailable);
      expect((error as ConnectError).message).toContain("middle of a message");
    });
  }

  test("a failure of the connection is thrown after what came whole, and again", async () => {
    const broken = new ConnectError("gone", Code.Unavailable);
    const { reader } = await open({ body: [envelope(bytes(4)), broken] });
    expect((await reader.next())?.data.byteLength).toBe(4);
    await expect(reader.next()).rejects.toBe(broken);
    await expect(reader.next()).rejects.toBe(broken);
  });

  test("a message above the limit is refused before its memory is taken", async () => {
    const head = envelope(new Uint8Array(0));
    new DataView(head.buffer).setUint32(1, 0xffffffff);
    const { reader } = await open({ body: [envelope(bytes(10)), head, bytes(5000), bytes(5000)] }, 10);
    expect((await reader.next())?.data.byteLength).toBe(10);
    const error = (await reader.next().catch((e: unknown) => e)) as ConnectError;
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.message).toContain("maxMessageBytes (10)");
  });

  test("12 MB in one message", async () => {
    const data = bytes(12_000_000);
    const { reader } = await open({ body: cut(envelope(data), 65536) });
    const [one] = await readAll(reader);
    expect(one!.data.byteLength).toBe(data.byteLength);
    for (const at of [0, 65530, 65531, 6_000_000, 11_999_999]) expect(one!.data[at]).toBe(data[at]);
  });
});

describe("reading ahead", () => {
  test("nothing is read before somebody asks", async () => {
    const { seen } = await open({ body: [envelope(bytes(4))] });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.chunks).toBe(0);
  });

  test("stops when more waits than readAheadBytes, and goes on when it is taken", async () => {
    const body = Array.from({ length: 50 }, () => envelope(bytes(100)));
    const { reader, seen } = await open({ body, readAheadBytes: 450 });
    expect(await reader.next()).not.toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // One is taken, five exceed 450 bytes, and a stop takes one chunk to have its effect.
    expect(seen.chunks).toBe(7);
    await reader.next();
    await reader.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen.chunks).toBeGreaterThan(7);
    expect(seen.chunks).toBeLessThan(12);
    expect((await readAll(reader)).length).toBe(47);
  });
});

describe("where the body of a FlightData lands", () => {
  test("on a boundary of 8, whatever the length of what stands before it", async () => {
    for (let length = 0; length < 40; length++) {
      const data = create(FlightDataSchema, {
        dataHeader: bytes(length % 23),
        appMetadata: bytes(length),
        dataBody: bytes(64),
      });
      const { reader } = await open({ body: cut(envelope(toBinary(FlightDataSchema, data)), 17) });
      const read = fromBinary(FlightDataSchema, (await reader.next())!.data);
      expect(read.dataBody.byteOffset % 8).toBe(0);
      expect([...read.dataBody]).toEqual([...bytes(64)]);
      // One allocation for the message, no more than 7 bytes larger than it.
      expect(read.dataBody.buffer.byteLength).toBeLessThan(toBinary(FlightDataSchema, data).byteLength + 8);
    }
  });
});

describe("encoding", () => {
  test("a large body goes out as it is, behind a chunk with all the rest", () => {
    const dataBody = bytes(100_000);
    const data = create(FlightDataSchema, { dataHeader: bytes(200), appMetadata: bytes(3), dataBody });
    const chunks = encodeEnvelope(FlightDataSchema, data);
    expect(chunks.length).toBe(2);
    expect(chunks[1]).toBe(dataBody);
    expect(chunks[1]!.buffer).toBe(dataBody.buffer);
    const wire = join(...chunks);
    expect(new DataView(wire.buffer).getUint32(1)).toBe(wire.byteLength - 5);
    expect(fromBinary(FlightDataSchema, wire.subarray(5))).toEqual(data);
    expect(data.dataBody).toBe(dataBody);
  });

  for (const length of [0, 1, 127, 128, 4095, 4096, 16_383, 16_384]) {
    test(`a body of ${length} bytes survives`, () => {
      const data = create(FlightDataSchema, { dataHeader: bytes(5), dataBody: bytes(length) });
      const wire = join(...encodeEnvelope(FlightDataSchema, data));
      expect(wire[0]).toBe(0);
      expect(new DataView(wire.buffer).getUint32(1)).toBe(wire.byteLength - 5);
      expect(fromBinary(FlightDataSchema, wire.subarray(5))).toEqual(data);
    });
  }

  test("messages without a bytes field at their end, and empty ones", () => {
    expect([...join(...encodeEnvelope(TicketSchema, create(TicketSchema)))]).toEqual([0, 0, 0, 0, 0]);
    const ticket = create(TicketSchema, { ticket: bytes(5000) });
    const wire = join(...encodeEnvelope(TicketSchema, ticket));
    expect(fromBinary(TicketSchema, wire.subarray(5))).toEqual(ticket);
  });
});
