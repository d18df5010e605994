import { getEventListeners, once } from "node:events";
import { rm } from "node:fs/promises";
import type { ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, test, vi } from "vitest";
import { FlightDataSchema, FlightInfoSchema, PutResultSchema } from "../../src/gen/Flight_pb.ts";
import { ReceiveBudget } from "../../src/transport/http2/receive-budget.ts";
import { selfSigned } from "../interop/certificate.ts";
import { type NodeClient, nodeClient, respond, startServer, type TestServer } from "./http2-server.ts";
import { cut, envelope, join } from "./scripted-http.ts";

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serve(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args);
  opened.push(server);
  return server;
}

function connect(...args: Parameters<typeof nodeClient>): NodeClient {
  const client = nodeClient(...args);
  opened.push(client.transport);
  return client;
}

const data = (bytes: number, fill = 1): Uint8Array =>
  envelope(toBinary(FlightDataSchema, create(FlightDataSchema, { dataBody: new Uint8Array(bytes).fill(fill) })));
const info = envelope(toBinary(FlightInfoSchema, create(FlightInfoSchema, { totalRecords: 7n })));
const answer = (stream: ServerHttp2Stream): void => {
  respond(stream);
  stream.end(info);
};

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
  expect(condition()).toBe(true);
}

describe("a response", () => {
  test("in frames cut anywhere", async () => {
    const wire = join(data(0), data(10, 2), data(70_000, 3), data(1, 4));
    for (const size of [1, 5, 6, 1000, 16_384]) {
      const pieces = cut(size === 1 ? wire.slice(0, 40) : wire, size);
      const server = await serve(async (stream) => {
        respond(stream);
        for (const piece of pieces) stream.write(piece);
        stream.end();
      });
      const client = connect(server.url);
      const read: number[] = [];
      const done = (async () => {
        for await (const { dataBody } of client.doGet({})) read.push(dataBody.byteLength, dataBody.at(-1) ?? 0);
      })();
      if (size === 1) expect((await failure(done)).message).toContain("middle of a message");
      else await done;
      expect(read).toEqual(size === 1 ? [0, 0, 10, 2] : [0, 0, 10, 2, 70_000, 3, 1, 4]);
    }
  });

  test("bodies start on a boundary of 8, in memory of their own", async () => {
    const server = await serve((stream) => {
      respond(stream);
      for (let i = 0; i < 24; i++) {
        const message = create(FlightDataSchema, {
          dataHeader: new Uint8Array(i),
          dataBody: new Uint8Array(80_000).fill(i),
        });
        stream.write(envelope(toBinary(FlightDataSchema, message)));
      }
      stream.end();
    });
    const buffers = new Set<ArrayBufferLike>();
    let i = 0;
    for await (const { dataBody } of connect(server.url).doGet({})) {
      expect(dataBody.byteOffset % 8).toBe(0);
      expect(dataBody.every((byte) => byte === i)).toBe(true);
      expect(dataBody.buffer.byteLength).toBeLessThan(80_000 + 64);
      buffers.add(dataBody.buffer);
      i++;
    }
    expect(buffers.size).toBe(24);
  });

  for (const megabytes of [12, 100]) {
    test(`${megabytes} MB in one message`, async () => {
      const body = new Uint8Array(megabytes * 1_000_000);
      for (let i = 0; i < body.length; i += 1000) body[i] = i / 1000;
      const wire = envelope(toBinary(FlightDataSchema, create(FlightDataSchema, { dataBody: body })));
      const server = await serve((stream) => {
        respond(stream);
        stream.end(wire);
      });
      for await (const { dataBody } of connect(server.url).doGet({})) {
        expect(Buffer.compare(dataBody, body)).toBe(0);
      }
    });
  }

  test("maxMessageBytes ends the stream at the server", async () => {
    let code: number | undefined;
    const server = await serve((stream) => {
      respond(stream);
      stream.write(data(10));
      stream.write(data(2_000_000));
      stream.once("close", () => {
        code = stream.rstCode;
      });
    });
    const error = await failure(
      (async () => {
        for await (const _ of connect(server.url, { maxMessageBytes: 1_000_000 }).doGet({}));
      })(),
    );
    expect([error.code, error.message.includes("maxMessageBytes")]).toEqual([Code.ResourceExhausted, true]);
    await until(() => code === 8);
  });

  test("messages arrive one by one: none waits for the next", async () => {
    const server = await serve(async (stream) => {
      respond(stream);
      for (let i = 0; i < 3; i++) {
        stream.write(data(100_000));
        await sleep(150);
      }
      stream.end();
    });
    const started = performance.now();
    const times: number[] = [];
    for await (const _ of connect(server.url).doGet({})) times.push(performance.now() - started);
    expect(times[0]).toBeLessThan(times[2]! - 200);
  });

  test("break stops the server", async () => {
    let closed = false;
    const server = await serve((stream) => {
      respond(stream);
      const timer = setInterval(() => stream.write(data(1000)), 5);
      stream.once("close", () => {
        closed = true;
        clearInterval(timer);
      });
    });
    const stop = new AbortController();
    for await (const _ of connect(server.url).doGet({}, { signal: stop.signal })) {
      stop.abort();
      break;
    }
    await until(() => closed);
  });
});

describe("what ends a call early", () => {
  const stuck = (stream: ServerHttp2Stream): void => {
    respond(stream);
    stream.write(data(10));
  };

  test("the caller's abort is canceled, with the caller's reason", async () => {
    const server = await serve(stuck);
    const stop = new AbortController();
    const error = await failure(
      (async () => {
        for await (const _ of connect(server.url).doGet({}, { signal: stop.signal })) stop.abort(new Error("enough"));
      })(),
    );
    expect(error.code).toBe(Code.Canceled);
    expect(error.cause).toMatchObject({ message: "enough" });
  });

  for (const [name, cutOff] of [
    ["the connection", (stream: ServerHttp2Stream) => stream.session!.destroy()],
    ["the stream, by CANCEL", (stream: ServerHttp2Stream) => stream.close(8)],
    ["the socket", (_: ServerHttp2Stream, server: TestServer) => server.cut()],
  ] as const) {
    test(`a server that ends ${name} is unavailable, not canceled`, async () => {
      const server = await serve((stream) => {
        stuck(stream);
        setTimeout(() => cutOff(stream, server), 50);
      });
      let count = 0;
      const error = await failure(
        (async () => {
          for await (const _ of connect(server.url).doGet({})) count++;
        })(),
      );
      expect([count, error.code]).toEqual([1, Code.Unavailable]);
    });
  }

  test("the deadline", async () => {
    let timeout: unknown;
    const server = await serve((stream, headers) => {
      timeout = headers["grpc-timeout"];
      stuck(stream);
    });
    const error = await failure(
      (async () => {
        for await (const _ of connect(server.url).doGet({}, { timeoutMs: 200 }));
      })(),
    );
    expect([error.code, timeout]).toEqual([Code.DeadlineExceeded, "200m"]);
  });

  test("no listener, and a server that never answers the handshake", async () => {
    const server = await serve(answer);
    await server.close();
    const refused = await failure(connect(server.url).getFlightInfo({}));
    expect([refused.code, refused.message.includes("ECONNREFUSED")]).toEqual([Code.Unavailable, true]);

    const { createServer } = await import("node:net");
    const silent = createServer().listen(0, "127.0.0.1");
    opened.push(silent);
    await until(() => silent.listening);
    const { port } = silent.address() as { port: number };
    const started = performance.now();
    const late = await failure(connect(`https://127.0.0.1:${port}`, { connectTimeoutMs: 200 }).getFlightInfo({}));
    expect([late.code, late.message.includes("within 200 ms")]).toEqual([Code.Unavailable, true]);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe("ended anywhere in the data", () => {
  // Messages of many sizes lie in one chunk: what ends the stream then runs between two parts of it.
  const wire = join(...Array.from({ length: 60 }, (_, i) => data((i * 977) % 9000)));
  const ways = {
    abort: ({ stop }: { stop: AbortController }) => stop.abort(),
    "close the client": ({ client }: { client: NodeClient }) => client.transport.close(),
    "cut the connection": ({ server }: { server: TestServer }) => server.cut(),
    "end the session": ({ server }: { server: TestServer }) => server.sessions[0]?.destroy(),
  };
  for (const [name, end] of Object.entries(ways)) {
    test(name, async () => {
      const server = await serve((stream) => {
        respond(stream);
        const timer = setInterval(() => stream.write(wire), 1);
        stream.once("close", () => clearInterval(timer));
      });
      for (let i = 0; i < 60; i++) {
        const client = connect(server.url);
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), 200);
        let count = 0;
        const reading = (async () => {
          for await (const _ of client.doGet({}, { signal: stop.signal }))
            if (++count === i + 1) end({ stop, client, server });
        })();
        expect([Code.Canceled, Code.Unavailable]).toContain((await failure(reading)).code);
        clearTimeout(timer);
        client.transport.close();
      }
    });
  }
});

describe("connections", () => {
  test("one for all calls", async () => {
    const server = await serve(answer);
    const client = connect(server.url);
    await Promise.all(Array.from({ length: 64 }, () => client.getFlightInfo({})));
    expect((await client.getFlightInfo({})).totalRecords).toBe(7n);
    expect(server.connections()).toBe(1);
  });

  test("after GOAWAY the next call has a new one, and the calls under way finish on the old", async () => {
    let finish: (() => void) | undefined;
    const server = await serve((stream, headers) => {
      if (!String(headers[":path"]).endsWith("DoGet")) return answer(stream);
      respond(stream);
      stream.write(data(1));
      finish = () => stream.end(data(2));
    });
    const client = connect(server.url);
    const sizes: number[] = [];
    for await (const { dataBody } of client.doGet({})) {
      sizes.push(dataBody.byteLength);
      if (sizes.length > 1) continue;
      server.sessions[0]!.goaway();
      await sleep(50);
      expect((await client.getFlightInfo({})).totalRecords).toBe(7n);
      expect(server.connections()).toBe(2);
      finish!();
    }
    expect(sizes).toEqual([1, 2]);
  });

  test("one that has gone dead without a word is found out by a ping", async () => {
    const server = await serve(answer);
    const through: Socket[] = [];
    let isDead = false;
    const proxy = createTcpServer((near) => {
      const far = connectTcp(server.port, "127.0.0.1");
      through.push(near, far);
      near.on("data", (chunk) => isDead || far.write(chunk)).on("error", () => {});
      far.on("data", (chunk) => isDead || near.write(chunk)).on("error", () => {});
    }).listen(0, "127.0.0.1");
    opened.push({ close: () => proxy.close() });
    await once(proxy, "listening");
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    try {
      const client = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
      await client.getFlightInfo({});
      isDead = true;
      vi.advanceTimersByTime(30_000);
      const waiting = failure(client.getFlightInfo({}));
      await immediate();
      vi.advanceTimersByTime(9_000);
      await immediate();
      isDead = false; // too late for what was lost
      vi.advanceTimersByTime(1_000);
      const error = await waiting;
      expect([error.code, error.message.includes("no answer to a ping")]).toEqual([Code.Unavailable, true]);
      expect((await client.getFlightInfo({})).totalRecords).toBe(7n);
      expect(server.connections()).toBe(2);
    } finally {
      vi.useRealTimers();
      for (const socket of through) socket.destroy();
    }
  });

  test("a dead one is replaced by the next call", async () => {
    const server = await serve(answer);
    const client = connect(server.url);
    for (let i = 1; i <= 3; i++) {
      await client.getFlightInfo({});
      expect(server.connections()).toBe(i);
      server.cut();
      await sleep(50);
    }
  });

  test("a server that comes back is reached again", async () => {
    const server = await serve(answer);
    const client = connect(server.url);
    await client.getFlightInfo({});
    await server.close();
    expect((await failure(client.getFlightInfo({}))).code).toBe(Code.Unavailable);
  });

  test("unix sockets", async () => {
    const path = joinPath(tmpdir(), `flightsql-${process.pid}-${Date.now()}.sock`);
    await serve(answer, { path });
    const client = connect("http://localhost", { socketPath: path });
    expect((await client.getFlightInfo({})).totalRecords).toBe(7n);
    const nowhere = await failure(connect("http://localhost", { socketPath: `${path}-not` }).getFlightInfo({}));
    expect([nowhere.code, nowhere.message.includes("ENOENT")]).toEqual([Code.Unavailable, true]);
    await rm(path, { force: true });
  });
});

describe("TLS", () => {
  const certificate = selfSigned();
  const elsewhere = selfSigned(["db.example"]);
  const call = async (url: string, tls?: object): Promise<bigint> =>
    (await connect(url, { ...(tls && { tls }) }).getFlightInfo({})).totalRecords;

  test("is checked against the authorities given", async () => {
    const { url } = await serve(answer, { tls: certificate });
    expect(await call(url, { ca: certificate.cert })).toBe(7n);
    expect(await call(url, { rejectUnauthorized: false })).toBe(7n);
    const error = await failure(call(url));
    expect([error.code, error.message.includes("tls.ca")]).toEqual([Code.Unavailable, true]);
  });

  test("for the name given", async () => {
    const { url } = await serve(answer, { tls: elsewhere });
    expect(await call(url, { ca: elsewhere.cert, serverName: "db.example" })).toBe(7n);
    const error = await failure(call(url, { ca: elsewhere.cert }));
    expect([error.code, error.message.includes("tls.serverName")]).toEqual([Code.Unavailable, true]);
  });

  test("mutual", async () => {
    const mine = selfSigned(["client.example"]);
    const { url } = await serve(answer, { tls: { ...certificate, requestCert: true, ca: mine.cert } });
    expect(await call(url, { ca: certificate.cert, cert: mine.cert, key: mine.key })).toBe(7n);
    expect((await failure(call(url, { ca: certificate.cert }))).code).toBe(Code.Unavailable);
  });

  test("data", async () => {
    const { url } = await serve(
      (stream) => {
        respond(stream);
        for (let i = 0; i < 20; i++) stream.write(data(500_000, i));
        stream.end();
      },
      { tls: certificate },
    );
    let i = 0;
    for await (const { dataBody } of connect(url, { tls: { ca: certificate.cert } }).doGet({})) {
      expect(dataBody.every((byte) => byte === i)).toBe(true);
      i++;
    }
    expect(i).toBe(20);
  });

  test("neither side without the other", async () => {
    const plain = await serve(answer);
    expect((await failure(call(plain.url.replace("http:", "https:")))).code).toBe(Code.Unavailable);
    const secure = await serve(answer, { tls: certificate });
    expect((await failure(call(secure.url.replace("https:", "http:")))).code).toBe(Code.Unavailable);
  });
});

describe("uploads", () => {
  test("messages arrive as they were, and wait for the server's window", async () => {
    let sent = 0;
    let read = 0;
    let go: (() => void) | undefined;
    const server = await serve((stream) => {
      respond(stream);
      stream.write(envelope(toBinary(PutResultSchema, create(PutResultSchema, { appMetadata: Uint8Array.of(5) }))));
      go = () => {
        stream.on("data", (chunk: Uint8Array) => {
          read += chunk.byteLength;
        });
        stream.once("end", () => stream.end());
      };
    });
    async function* input() {
      for (; sent < 40; sent++) yield { dataHeader: new Uint8Array(3), dataBody: new Uint8Array(500_000) };
    }
    const results = connect(server.url).doPut(input())[Symbol.asyncIterator]();
    expect((await results.next()).value?.appMetadata).toEqual(Uint8Array.of(5));
    await sleep(200);
    expect(sent).toBeLessThan(5);
    go!();
    expect((await results.next()).done).toBe(true);
    expect([sent, read]).toEqual([40, 40 * (500_000 + 5 + 5 + 5)]);
  });

  // Arrow's C++ server sends a RST_STREAM(NO_ERROR) behind such an answer; others leave the request unread.
  for (const [name, how] of [
    ["and resets the stream", 20],
    ["and leaves it", 60_000],
  ] as const)
    test(`a server that answers before it has read all, ${name}: its status counts`, async () => {
      const server = await serve((stream) => {
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", "grpc-status": "9", "grpc-message": "no such table" },
          { endStream: true },
        );
        setTimeout(() => stream.close(0), how).unref();
      });
      async function* input() {
        for (let i = 0; i < 100; i++) yield { dataBody: new Uint8Array(1_000_000) };
      }
      const error = await failure(
        (async () => {
          for await (const _ of connect(server.url).doPut(input()));
        })(),
      );
      expect([error.code, error.rawMessage]).toEqual([Code.FailedPrecondition, "no such table"]);
    });

  test("a server that ends the stream without any answer", async () => {
    const server = await serve((stream) => stream.close(0));
    async function* input() {
      for (let i = 0; i < 100; i++) yield { dataBody: new Uint8Array(1_000_000) };
    }
    const error = await failure(
      (async () => {
        for await (const _ of connect(server.url).doPut(input()));
      })(),
    );
    expect(error.code).toBe(Code.Unavailable);
  });

  test("an input that throws ends the call, with its reason", async () => {
    let code: number | undefined;
    const server = await serve((stream) => {
      respond(stream);
      stream.resume();
      stream.once("close", () => {
        code = stream.rstCode;
      });
    });
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    async function* input(): AsyncGenerator<{ dataBody: Uint8Array }> {
      await sleep(20);
      throw new Error("the disk is gone");
    }
    const error = await (async () => {
      for await (const _ of connect(server.url).doPut(input()));
    })().catch((e: unknown) => e);
    expect(String(error)).toContain("the disk is gone");
    await until(() => code === 8);
  });
});

describe("what a client holds unread", () => {
  /** A server that sends without end, and what its streams were let to send. */
  async function endless() {
    const counts: (() => number)[] = [];
    const chunk = data(100_000);
    const server = await serve((stream, headers) => {
      if (!String(headers[":path"]).endsWith("DoGet")) return answer(stream);
      respond(stream);
      let written = 0;
      counts.push(() => written - stream.writableLength);
      const write = (): void => {
        while (!stream.destroyed && stream.write(chunk)) written += chunk.byteLength;
        written += chunk.byteLength;
        stream.once("drain", write);
      };
      write();
    });
    return { server, sent: () => counts.reduce((sum, count) => sum + count(), 0) };
  }
  const MiB = 1 << 20;

  test("of one slow reader: its window and what waits complete", async () => {
    const { server, sent } = await endless();
    const stop = new AbortController();
    const messages = connect(server.url).doGet({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await messages.next();
    await sleep(500);
    expect(sent()).toBeLessThan(19 * MiB);
    // And reading on goes on.
    const before = sent();
    for (let i = 0; i < 300; i++) await messages.next();
    await until(() => sent() > before + 20 * MiB);
    stop.abort();
  });

  for (const how of ["at once", "one after another"] as const) {
    test(`of 32 paused results opened ${how}; a new call still gets through`, async () => {
      const { server, sent } = await endless();
      const stop = new AbortController();
      const client = connect(server.url);
      const iterators = Array.from({ length: 32 }, () =>
        client.doGet({}, { signal: stop.signal })[Symbol.asyncIterator](),
      );
      if (how === "at once") await Promise.all(iterators.map((one) => one.next()));
      else
        for (const one of iterators) {
          await one.next();
          await sleep(20);
        }
      await sleep(500);
      // ReceiveBudget: 16 MiB, 8, 5.3 … 0.5; and of each what was read, a few messages of 0.1 MB.
      expect(sent() / MiB).toBeLessThan(65 + 12);
      expect((await client.getFlightInfo({})).totalRecords).toBe(7n);
      expect(server.connections()).toBe(1);
      stop.abort();
    });
  }

  test("windows grow again when results are over", async () => {
    const budget = new ReceiveBudget(16 * MiB);
    for (let i = 0; i < 32; i++) budget.opened();
    expect(budget.window).toBe(MiB / 2);
    for (let i = 0; i < 1000; i++) budget.opened();
    expect(budget.window).toBe(64 * 1024);
    for (let i = 0; i < 1032; i++) budget.closed();
    expect(budget.window).toBe(16 * MiB);
  });
});

describe("many calls", () => {
  test("10,000 on one connection leave no listener behind and warn of none", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    const server = await serve(answer);
    const client = connect(server.url);
    const signals = Array.from({ length: 50 }, () => new AbortController().signal);
    await Promise.all(
      signals.map(async (signal) => {
        for (let i = 0; i < 10_000 / 50; i++) await client.getFlightInfo({}, { signal });
      }),
    );
    await until(() => signals.every((signal) => getEventListeners(signal, "abort").length === 0));
    process.off("warning", warn);
    expect(warnings).toEqual([]);
    // Nor did it send them a RST_STREAM each, which servers on nghttp2 take 1,000 of.
    expect(server.connections()).toBe(1);
  }, 60_000);
});
