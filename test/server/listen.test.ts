import { once as eventOf } from "node:events";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectNet, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { tableFromArrays } from "apache-arrow";
import { afterEach, describe, expect, it } from "vitest";
import { FlightDataSchema } from "../../src/gen/Flight_pb.ts";
import { DoPutUpdateResultSchema } from "../../src/gen/FlightSql_pb.ts";
import type { Backend, Chunk } from "../../src/server/backend.ts";
import { type Listening, listen } from "../../src/server/listen.ts";
import { failure, grpc, grpcWeb, once, statement } from "./harness.ts";

let server: Listening;
afterEach(() => server.close(0));

const method = "/arrow.flight.protocol.FlightService";
const table = tableFromArrays({ n: Int32Array.of(1, 2, 3) });

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

function http(path: string, options: RequestOptions, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${server.url}${path}`, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

function envelope(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const webHeaders = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };

describe("limits", () => {
  it("maxRequestBytes: a larger upload is refused, and the next call answered", async () => {
    let taken = 0;
    const backend: Backend = {
      async *doPut(_command, upload) {
        for await (const _ of upload);
        taken++;
        yield create(DoPutUpdateResultSchema, { recordCount: 1n });
      },
    };
    server = await listen(backend, { maxRequestBytes: 10_000 });
    for (const client of [grpc(server.url), grpcWeb(server.url)]) {
      const put = async (bytes: number) => {
        const message = { flightDescriptor: statement("q"), appMetadata: new Uint8Array(bytes) };
        for await (const _ of client.doPut(once(create(FlightDataSchema, message))));
      };
      const error = await failure(put(100_000));
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(error.message).toContain("takes 10000 bytes of a request at most");
      expect(taken).toBe(0);
      await put(9000);
      expect(taken).toBe(1);
      taken = 0;
    }
  });

  it("maxCalls: one more is unavailable, until another ends", async () => {
    let under = 0;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const backend: Backend = {
      async getFlightInfo() {
        under++;
        await ended;
        return {} as never;
      },
    };
    server = await listen(backend, { maxCalls: 3 });
    const client = grpc(server.url);
    const calls = Array.from({ length: 3 }, () => client.getFlightInfo(statement("q")));
    await expect.poll(() => under).toBe(3);
    expect((await failure(client.getFlightInfo(statement("q")))).code).toBe(Code.Unavailable);
    const page = await http(`${method}/GetFlightInfo`, {
      method: "POST",
      headers: { ...webHeaders, origin: "http://localhost:5173" },
    });
    expect([page.status, page.headers["access-control-allow-origin"]]).toEqual([503, "http://localhost:5173"]);
    expect(page.body.toString()).toContain("3 calls under way");
    end();
    await Promise.all(calls);
    await client.getFlightInfo(statement("q"));
    expect(under).toBe(4);
  });
});

describe("the first bytes", () => {
  it("may come one by one, and nobody waits for them", async () => {
    server = await listen({ getFlightInfo: async () => ({}) as never }, {});
    const slow = connectNet(server.port, "127.0.0.1");
    await eventOf(slow, "connect");
    slow.setNoDelay(true);
    let text = "";
    slow.on("data", (data) => {
      text += data;
    });
    for (const byte of "GET /") {
      slow.write(byte);
      await sleep(20);
      if (byte === "G") expect((await http("/", { method: "GET" })).status).toBe(404);
    }
    slow.write(" HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    await eventOf(slow, "close");
    expect(text).toMatch(/^HTTP\/1\.1 404/);
  });
});

describe("HTTP/1.1", () => {
  it("an upload that is refused at once is read to its end, and the refusal arrives", async () => {
    server = await listen({
      // biome-ignore lint/correctness/useYield: it refuses
      async *doPut() {
        throw new ConnectError("no such table", Code.NotFound);
      },
    });
    const first = toBinary(FlightDataSchema, create(FlightDataSchema, { flightDescriptor: statement("x") }));
    const rest = toBinary(FlightDataSchema, create(FlightDataSchema, { dataBody: new Uint8Array(1 << 20) }));
    const body = Buffer.concat([envelope(first), ...Array(64).fill(envelope(rest))]);
    const { status, body: answer } = await http(`${method}/DoPut`, { method: "POST", headers: webHeaders }, body);
    expect(status).toBe(200);
    expect(answer[0]).toBe(0x80);
    expect(answer.subarray(5).toString()).toMatch(/grpc-status: 5\r\n/);
    expect(answer.subarray(5).toString()).toMatch(/grpc-message: no%20such%20table\r\n/);
  });

  it("content that is not gRPC-Web is refused by its type, other paths and methods by theirs", async () => {
    server = await listen({});
    const status = async (path: string, verb: string, type: string) =>
      (await http(path, { method: verb, headers: { "content-type": type } })).status;
    expect(await status(`${method}/DoGet`, "POST", "application/grpc-web-text")).toBe(415);
    expect(await status(`${method}/GetFlightInfo`, "POST", "application/json")).toBe(415);
    expect(await status(`${method}/DoGet`, "GET", "application/grpc-web+proto")).toBe(405);
    expect(await status("/nowhere", "POST", "application/grpc-web+proto")).toBe(404);
    expect(await status("/", "GET", "")).toBe(404);
  });

  it("a message that is cut off, compressed or not alone is refused", async () => {
    server = await listen({ doGet: async () => ({ schema: table.schema, chunks: once({ batch: null }) }) });
    const status = async (body: Uint8Array) => {
      const { body: answer } = await http(`${method}/DoGet`, { method: "POST", headers: webHeaders }, body);
      return /grpc-status: (\d+)/.exec(answer.toString("latin1"))![1];
    };
    expect(await status(Buffer.of(0, 0, 0, 0, 0))).toBe("0");
    expect(await status(Buffer.of(0, 0, 0, 0, 9, 1))).toBe("3");
    expect(await status(Buffer.of(1, 0, 0, 0, 1, 1))).toBe("12");
    expect(await status(Buffer.concat([envelope(Buffer.of()), envelope(Buffer.of())]))).toBe("3");
    expect(await status(Buffer.of())).toBe("3");
  });

  it("what is no call is answered by the fallback", async () => {
    server = await listen({}, { fallback: (_, response) => void response.end("page") });
    expect((await http("/index.html", {})).body.toString()).toBe("page");
  });
});

describe("pages", () => {
  const call = (headers: Record<string, string>) =>
    http(`${method}/ListActions`, { method: "POST", headers: { ...webHeaders, ...headers } }, Buffer.alloc(5));
  const preflight = (headers: Record<string, string>) =>
    http(`${method}/ListActions`, {
      method: "OPTIONS",
      headers: { "access-control-request-method": "POST", ...headers },
    });

  it("of this machine may call, and read what a gRPC-Web client must", async () => {
    server = await listen({});
    const origin = "http://localhost:5173";
    const asked = await preflight({ origin, "access-control-request-headers": "content-type,authorization,x-mine" });
    expect(asked.status).toBe(204);
    expect(asked.headers["access-control-allow-origin"]).toBe(origin);
    expect(asked.headers["access-control-allow-headers"]).toBe("content-type,authorization,x-mine");
    const answer = await call({ origin });
    expect(answer.status).toBe(200);
    expect(answer.headers["access-control-allow-credentials"]).toBe("true");
    for (const name of [
      "grpc-status",
      "grpc-message",
      "grpc-status-details-bin",
      "authorization",
      "set-cookie",
      "x-arrow-status",
    ]) {
      expect(answer.headers["access-control-expose-headers"]).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it("can read headers of the backend's own", async () => {
    const backend: Backend = {
      async getFlightInfo(_, context) {
        context.responseHeader.set("x-made-up", "1");
        return {};
      },
    };
    server = await listen(backend);
    const { headers } = await http(
      `${method}/GetFlightInfo`,
      { method: "POST", headers: { ...webHeaders, origin: "http://127.0.0.1:1" } },
      Buffer.alloc(5),
    );
    expect(headers["x-made-up"]).toBe("1");
    expect(headers["access-control-expose-headers"]).toMatch(/\bx-made-up\b/);
  });

  it("of elsewhere may not, unless they are named", async () => {
    server = await listen({});
    expect((await call({ origin: "https://evil.example" })).status).toBe(403);
    expect((await preflight({ origin: "https://evil.example" })).status).toBe(403);
    expect((await call({ origin: "http://localhost.evil.example" })).status).toBe(403);
    expect((await call({ origin: "null" })).status).toBe(403);
    await server.close(0);
    server = await listen({}, { origins: ["https://good.example"] });
    expect((await call({ origin: "https://good.example" })).status).toBe(200);
    expect((await call({ origin: "http://localhost:5173" })).status).toBe(403);
    await server.close(0);
    server = await listen({}, { origins: ["*"] });
    expect((await call({ origin: "https://any.example" })).headers["access-control-allow-origin"]).toBe(
      "https://any.example",
    );
  });

  it("reach it by the names of this machine only", async () => {
    server = await listen({}, { fallback: (_, response) => void response.end("page") });
    expect((await call({ host: "rebound.example" })).status).toBe(403);
    expect((await http("/", { headers: { host: `rebound.example:${server.port}` } })).status).toBe(403);
    expect((await http("/", { headers: { host: `localhost:${server.port}` } })).status).toBe(200);
    await server.close(0);
    server = await listen({}, { hosts: ["named.example"], fallback: (_, response) => void response.end("page") });
    expect((await http("/", { headers: { host: "named.example" } })).status).toBe(200);
  });
});

describe("the port", () => {
  it("recognises HTTP/2 also when its first bytes come one by one", async () => {
    server = await listen({ actions: [{ type: "a", description: "b" }] });
    const session = connectHttp2(server.url, {
      createConnection: () => {
        const socket = connectNet(server.port, "127.0.0.1", () => socket.setNoDelay(true));
        const write = socket.write.bind(socket) as (chunk: Uint8Array) => boolean;
        // Before anything else, the preface byte by byte; the session's own then follows without it.
        for (const byte of Buffer.from("PRI")) write(Buffer.of(byte));
        return skipping(socket, 3);
      },
    });
    const [settings] = await eventOf(session, "remoteSettings");
    expect(settings.enablePush === false || settings.initialWindowSize > 65535).toBe(true);
    session.destroy();
  });

  it("drops a connection that only opens", async () => {
    server = await listen({});
    const socket = connectNet(server.port, "127.0.0.1");
    await eventOf(socket, "connect");
    socket.end();
    await eventOf(socket, "close");
  });
});

describe("closing", () => {
  it("lets calls in flight end", async () => {
    server = await listen(slow(100));
    const chunks = grpc(server.url)
      .doGet({ ticket: Uint8Array.of(1) })
      [Symbol.asyncIterator]();
    await chunks.next();
    const closed = server.close(10_000);
    let more = 0;
    while (!(await chunks.next()).done) more++;
    expect(more).toBe(3);
    await closed;
    expect((await failure(grpc(server.url).getFlightInfo(statement("x")))).code).toBe(Code.Unavailable);
  });

  it("cuts off those that do not", async () => {
    server = await listen(slow(1e9));
    const chunks = grpc(server.url)
      .doGet({ ticket: Uint8Array.of(1) })
      [Symbol.asyncIterator]();
    await chunks.next();
    const next = failure(chunks.next());
    await server.close(50);
    expect([Code.Canceled, Code.Unavailable, Code.Aborted]).toContain((await next).code);
  });
});

/** Three batches, one each `ms`. */
function slow(ms: number): Backend {
  return {
    doGet: async (_, { signal }) => ({
      schema: table.schema,
      chunks: (async function* (): AsyncGenerator<Chunk> {
        for (let i = 0; i < 3; i++) {
          await sleep(ms, undefined, { signal });
          yield { batch: table.batches[0]! };
        }
      })(),
    }),
  };
}

/** A socket that swallows the first bytes written to it. */
function skipping(socket: Socket, bytes: number): Socket {
  let left = bytes;
  const write = socket._write.bind(socket);
  socket._write = (chunk: Buffer, encoding, callback) => {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    write(rest, encoding, callback);
  };
  return socket;
}
