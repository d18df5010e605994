import { beforeEach, describe, expect, test } from "vitest";
import { column, goodMessages, goodRows, numbers, resultMessages } from "./answers.ts";
import { protocol, type Seen } from "./cases.ts";
import { rawServer } from "./dead-ends.ts";
import { connect, expectFault, expectGoodQuery, sleep, watchRejections, within } from "./expect.ts";
import { encodeFields } from "./hpack.ts";
import { only } from "./raw-server.ts";
import type { RawStream } from "./raw-stream.ts";
import { envelope, flag, frame, frames, setting, settingsFrame, word } from "./wire.ts";

beforeEach(() => watchRejections());

const none = new Uint8Array(0);
const header = encodeFields([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

/** Sends a frame on the connection, behind the headers of an answer. */
const send =
  (...parts: Uint8Array[]) =>
  (stream: RawStream): void => {
    stream.headers();
    stream.connection.send(...parts);
  };

const flooded = "more data than the stream's window";

/** How each case of the table is made, in the middle of a call. */
const broken: Record<Exclude<keyof typeof protocol, typeof flooded>, (stream: RawStream) => unknown> = {
  "GOAWAY, the call is not among those that go on": ({ connection, id }) => {
    connection.goaway(id - 2);
    connection.end();
  },
  "GOAWAY with an error": ({ connection, id }) => {
    connection.goaway(id - 2, 11, "too_many_pings");
    connection.end();
  },
  "frame larger than allowed": (stream) =>
    send(frame(frames.data, 0, stream.id, Buffer.alloc(100_000), 0xffffff))(stream),
  "window beyond 2^31-1": send(
    frame(frames.windowUpdate, 0, 0, word(0x7fffffff)),
    frame(frames.windowUpdate, 0, 0, word(0x7fffffff)),
  ),
  "DATA before HEADERS": (stream) => stream.rawData(envelope(goodMessages("DoGet", [])[0]!)),
  "DATA on stream 0": send(frame(frames.data, 0, 0, Buffer.from("nobody's"))),
  "SETTINGS of a wrong length": send(frame(frames.settings, 0, 0, Buffer.alloc(5))),
  "a window beyond 2^31-1 in SETTINGS": send(settingsFrame({ [setting.initialWindowSize]: 0xffffffff })),
  "PUSH_PROMISE, which is off": (stream) =>
    send(frame(frames.pushPromise, flag.endHeaders, stream.id, Buffer.concat([word(2), header])))(stream),
  "header block that is no HPACK": (stream) =>
    stream.connection.send(frame(frames.headers, flag.endHeaders, stream.id, Buffer.alloc(20, 0xff))),
  // Another frame comes before the block's end.
  "header block without an end": (stream) =>
    stream.connection.send(frame(frames.headers, 0, stream.id, header), frame(frames.ping, 0, 0, Buffer.alloc(8))),
  "CONTINUATION of nothing": (stream) => send(frame(frames.continuation, flag.endHeaders, stream.id, header))(stream),
  "PING of a wrong length": send(frame(frames.ping, 0, 0, Buffer.alloc(7))),
  "trailers without END_STREAM": (stream) => {
    stream.headers();
    stream.headers([["grpc-status", "0"]]);
  },
  "padding longer than its frame": (stream) =>
    send(frame(frames.data, flag.padded, stream.id, Uint8Array.of(200, 1, 2, 3)))(stream),
  "not HTTP/2 at all, after a good start": send(Buffer.from(`HTTP/1.1 400 Bad Request\r\n\r\n${"x".repeat(50_000)}`)),
  "headers of 4 MB": (stream) => {
    const fields = Array.from({ length: 64 }, (_, i) => [`x-${i}`, "x".repeat(65_000)] as const);
    const block = encodeFields([[":status", "200"], ["content-type", "application/grpc"], ...fields]);
    for (let at = 0; at < block.length; at += 16_000) {
      const isLast = at + 16_000 >= block.length;
      const type = at === 0 ? frames.headers : frames.continuation;
      stream.connection.send(frame(type, isLast ? flag.endHeaders : 0, stream.id, block.subarray(at, at + 16_000)));
    }
    stream.trailers();
  },
};

describe("broken HTTP/2", () => {
  for (const [name, script] of Object.entries(broken)) {
    const seen: Seen = protocol[name as keyof typeof protocol].grpc;
    test(name, { timeout: 20_000 }, async () => {
      const server = await rawServer();
      const client = connect(server.url);
      for (const isWarm of [false, true]) {
        if (isWarm) await expectGoodQuery(client);
        const before = server.count("DoGet");
        server.script = only("DoGet", script);
        await expectFault(client.query("q").table(), seen, server.url, { ms: 2500 });
        expect(server.count("DoGet") - before).toBe(1);
        server.script = undefined;
        await expectGoodQuery(client);
      }
    });
  }

  // Only a reader that pauses shows whether the windows are kept: 60 MB against windows of 64 KB.
  test(flooded, { timeout: 20_000 }, async () => {
    const server = await rawServer();
    const client = connect({ url: server.url, windowBytes: 65_536 });
    const [schema, ...batches] = resultMessages([numbers(1), column(new Int32Array(150_000))]);
    server.script = only("DoGet", async (stream) => {
      stream.headers();
      await stream.data(Buffer.concat([envelope(schema!), envelope(batches[0]!)]));
      await sleep(100);
      const bytes = envelope(batches[1]!);
      for (let i = 0; i < 100 && !stream.isGone; i++) {
        for (let at = 0; at < bytes.length; at += 16_384) stream.rawData(bytes.subarray(at, at + 16_384));
        await stream.connection.flushed();
      }
      stream.trailers();
    });
    const read = async (): Promise<void> => {
      for await (const batch of client.query("q")) if (batch.numRows === 1) await sleep(1000);
    };
    await expectFault(read(), protocol[flooded].grpc, server.url, { ms: 8000 });
    server.script = undefined;
    await expectGoodQuery(client);
  });
});

describe("broken HTTP/2 that does no harm: the rows or an error, and no hang", () => {
  const harmless: Record<string, (stream: RawStream) => void> = {
    "window increment of 0 for the connection": ({ connection }) =>
      connection.send(frame(frames.windowUpdate, 0, 0, word(0))),
    "window increment of 0 for the stream": ({ connection, id }) =>
      connection.send(frame(frames.windowUpdate, 0, id, word(0))),
    "SETTINGS on a stream": ({ connection, id }) => connection.send(frame(frames.settings, 0, id, none)),
    "PING on a stream": ({ connection, id }) => connection.send(frame(frames.ping, 0, id, Buffer.alloc(8))),
    "a header name in capitals": (stream) =>
      stream.headers([
        [":status", "103"],
        ["X-Early", "1"],
      ]),
    "a pseudo-header that is not known": (stream) =>
      stream.headers([
        [":status", "103"],
        [":odd", "1"],
      ]),
  };
  for (const [name, act] of Object.entries(harmless))
    test(name, { timeout: 10_000 }, async () => {
      const server = await rawServer();
      const client = connect(server.url);
      for (let i = 0; i < 2; i++) {
        server.script = only("DoGet", async (stream) => {
          act(stream);
          await stream.answer();
        });
        const reading = client.query("q").all<{ n: number }>();
        const rows = await within(
          3000,
          reading.then(
            (all) => all.map(({ n }) => n),
            (error: unknown) => ({ error }),
          ),
        );
        if ("error" in rows)
          await expectFault(Promise.reject(rows.error), protocol["DATA on stream 0"].grpc, server.url);
        else expect(rows).toEqual(goodRows);
        server.script = undefined;
        await expectGoodQuery(client);
      }
    });
});

describe("odd, but allowed", () => {
  const good = goodMessages("DoGet", []).map((message) => envelope(message));
  /** The frames of a good answer, made in some unusual way. */
  const odd: Record<string, (stream: RawStream) => unknown> = {
    "DATA of one byte each, some empty ones between": async (stream) => {
      stream.headers();
      for (const [i, byte] of Buffer.concat(good).entries()) {
        stream.rawData(Uint8Array.of(byte));
        // Very many would be an attack (CVE-2019-9518), which a client may end.
        if (i % 100 === 0) stream.rawData(none);
      }
      stream.trailers();
    },
    "padded DATA and HEADERS": (stream) => {
      const pad = (bytes: Uint8Array, before = none): Buffer =>
        Buffer.concat([Uint8Array.of(40), before, bytes, Buffer.alloc(40)]);
      const flags = flag.padded | flag.priority | flag.endHeaders;
      stream.connection.send(frame(frames.headers, flags, stream.id, pad(header, Uint8Array.of(0, 0, 0, 0, 16))));
      for (const part of good) stream.rawData(pad(part), flag.padded);
      stream.trailers();
    },
    "headers and trailers in several CONTINUATIONs, one of them empty": (stream) => {
      const send = (block: Uint8Array, flags: number): void => {
        const { id, connection } = stream;
        const [a, b] = [block.length >> 2, block.length >> 1];
        connection.send(frame(frames.headers, flags, id, block.subarray(0, a)));
        connection.send(
          frame(frames.continuation, 0, id, block.subarray(a, b)),
          frame(frames.continuation, 0, id, none),
        );
        connection.send(frame(frames.continuation, flag.endHeaders, id, block.subarray(b)));
      };
      send(header, 0);
      for (const part of good) stream.rawData(part);
      send(encodeFields([["grpc-status", "0"]]), flag.endStream);
    },
    "frames of unknown types, PRIORITY and PING in between": (stream) => {
      const { connection, id } = stream;
      const noise = (): void => {
        connection.send(frame(0xfa, 0xff, id, Buffer.from("?")), frame(0xfb, 0, 0, Buffer.alloc(1000)));
        connection.send(frame(frames.priority, 0, id, Uint8Array.of(0, 0, 0, 0, 1)));
        connection.ping();
      };
      noise();
      stream.headers();
      for (const part of good) {
        noise();
        stream.rawData(part);
      }
      noise();
      stream.trailers();
    },
    "an informational answer first": (stream) => {
      stream.headers([[":status", "103"]]);
      stream.headers([[":status", "103"]]);
      return stream.answer();
    },
    "all in one packet": (stream) => {
      const { id, connection } = stream;
      connection.send(
        frame(frames.headers, flag.endHeaders, id, header),
        ...good.map((part) => frame(frames.data, 0, id, part)),
        frame(frames.headers, flag.endHeaders | flag.endStream, id, encodeFields([["grpc-status", "0"]])),
      );
    },
    "SETTINGS in the middle, some of them unknown": (stream) => {
      stream.headers();
      for (const [i, part] of good.entries()) {
        stream.connection.send(
          settingsFrame({ 153: 7, [setting.initialWindowSize]: 70_000 + i, [setting.maxFrameSize]: 16_384 + i }),
        );
        stream.rawData(part);
      }
      stream.trailers();
    },
    "a header table of no bytes": (stream) => {
      stream.connection.send(settingsFrame({ [setting.headerTableSize]: 0 }));
      return stream.answer();
    },
    "RST_STREAM(NO_ERROR) behind the trailers": async (stream) => {
      await stream.answer();
      stream.reset(0);
    },
    "GOAWAY with the call among those that go on": async (stream) => {
      stream.connection.goaway(stream.id);
      await stream.answer();
      stream.connection.end();
    },
    "GOAWAY that announces another (2^31-1), then the real one": async (stream) => {
      stream.connection.goaway(0x7fffffff);
      stream.headers();
      await stream.data(good[0]!);
      stream.connection.goaway(stream.id);
      for (const part of good.slice(1)) await stream.data(part);
      stream.trailers();
    },
    "window updates nobody waits for": (stream) => {
      for (let i = 0; i < 100; i++) stream.connection.send(frame(frames.windowUpdate, 0, stream.id, word(1)));
      return stream.answer();
    },
    "trailers of 8 KB": (stream) =>
      stream.answer({
        trailer: [
          ["grpc-status", "0"],
          ["x-long", "x".repeat(8000)],
        ],
      }),
  };
  for (const [name, script] of Object.entries(odd))
    test(name, { timeout: 10_000 }, async () => {
      const server = await rawServer();
      server.script = only("DoGet", script);
      const client = connect(server.url);
      for (let i = 0; i < 3; i++) {
        const rows = await client.query("q").all<{ n: number }>();
        expect(rows.map(({ n }) => n)).toEqual(goodRows);
      }
      server.script = undefined;
      await expectGoodQuery(client);
    });

  test("PING is answered, with its bytes", { timeout: 5000 }, async () => {
    const server = await rawServer();
    server.script = only("DoGet", async (stream) => {
      const { connection } = stream;
      connection.ping();
      while (!connection.seen.some(({ type, flags }) => type === frames.ping && flags === flag.ack))
        await new Promise((resolve) => setImmediate(resolve));
      await stream.answer();
    });
    await expectGoodQuery(connect(server.url));
    const answer = server.connections[0]!.seen.find(({ type }) => type === frames.ping);
    expect(answer?.payload.toString()).toBe("8 bytes!");
  });

  test("an upload in frames no larger than the server allows, within its windows", { timeout: 10_000 }, async () => {
    const server = await rawServer({ manners: { settings: { [setting.initialWindowSize]: 1000 } } });
    const client = connect(server.url);
    const rows = Array.from({ length: 5000 }, (_, n) => ({ n, text: "x".repeat(20) }));
    expect(await client.ingest("t", rows)).toBe(3n);
    expect(Buffer.concat(server.calls.at(-1)!.request).length).toBeGreaterThan(100_000);
  });
});
