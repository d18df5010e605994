import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { constants, type IncomingHttpHeaders } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bridge, bridge } from "../../src/bridge/index.ts";
import { answerOf, call, envelope, grpcHeaders, method, ok, startUpstream, type Upstream } from "./calls.ts";

let upstream: Upstream;
let opened: Bridge;

beforeEach(async () => {
  upstream = await startUpstream();
  opened = await bridge({ upstream: `grpc://${upstream.authority}` });
});
afterEach(async () => {
  await opened.close();
  upstream.close();
});

const start = (headers: Record<string, string> = {}, path = method, verb = "POST"): ClientRequest =>
  call(opened.url, { headers, path, verb });

describe("bytes", () => {
  it("go up and come back as they are, the trailers behind them", async () => {
    const sent = Buffer.concat(Array.from({ length: 200 }, (_, i) => envelope(Buffer.alloc(i * 97, i))));
    let received = Buffer.of();
    upstream.behave = (stream) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        received = Buffer.concat(parts);
        stream.respond({ ...grpcHeaders, "x-first": "1", "set-cookie": ["a=1", "b=2"] }, { waitForTrailers: true });
        stream.on("wantTrailers", () =>
          stream.sendTrailers({ "grpc-status": "0", "grpc-message": "all%20good", "x-last-bin": "AAE=" }),
        );
        stream.end(received);
      });
    };
    const request = start();
    request.end(sent);
    const answer = await answerOf(request);
    expect(received.equals(sent)).toBe(true);
    expect(answer.body.equals(sent)).toBe(true);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/grpc-web+proto");
    expect(answer.headers["x-first"]).toBe("1");
    expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(answer.trailers).toEqual({ "grpc-status": "0", "grpc-message": "all%20good", "x-last-bin": "AAE=" });
  });

  it("a status without messages comes in the body, though it was in the headers", async () => {
    upstream.behave = (stream) =>
      stream.respond(
        { ...grpcHeaders, "grpc-status": "5", "grpc-message": "no", "x-arrow-status": "11", "x-meta": "m" },
        { endStream: true },
      );
    const request = start();
    request.end(Buffer.alloc(5));
    const answer = await answerOf(request);
    expect(answer.headers["grpc-status"]).toBeUndefined();
    expect(answer.headers["x-meta"]).toBe("m");
    expect(answer.trailers).toEqual({
      "grpc-status": "5",
      "grpc-message": "no",
      "x-arrow-status": "11",
      "x-meta": "m",
    });
  });

  it("one message is there before the next is sent", async () => {
    let next = () => {};
    upstream.behave = (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.write(envelope(Buffer.of(1)));
      next = () => stream.end(envelope(Buffer.of(2)));
    };
    const request = start();
    request.end(Buffer.alloc(5));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const [first] = (await once(response, "data")) as [Buffer];
    expect([...first]).toEqual([0, 0, 0, 0, 1, 1]);
    next();
    await once(response, "end");
  });
});

describe("headers", () => {
  it("of the browser, the connection and the bridge stay; the caller's go on", async () => {
    let seen: IncomingHttpHeaders = {};
    upstream.behave = (stream, headers) => {
      seen = headers;
      ok(stream);
    };
    const request = start({
      authorization: "Bearer t",
      cookie: "session=1",
      database: "db",
      "grpc-timeout": "5S",
      "x-user-agent": "me",
      "accept-encoding": "gzip",
      accept: "*/*",
      origin: "http://localhost:3000",
      referer: "http://localhost:3000/page",
      "sec-fetch-mode": "cors",
      "user-agent": "Browser/1",
      connection: "x-mine",
      "x-mine": "hop",
      te: "gzip",
    });
    request.end(Buffer.alloc(5));
    await answerOf(request);
    const { ":authority": authority, ":scheme": _s, ...rest } = { ...seen };
    expect(authority).toBe(upstream.authority);
    expect(Object.fromEntries(Object.entries(rest))).toEqual({
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc+proto",
      te: "trailers",
      authorization: "Bearer t",
      cookie: "session=1",
      database: "db",
      "grpc-timeout": "5S",
      "x-user-agent": "me",
    });
  });

  it("let pages of this machine call, of others not", async () => {
    upstream.behave = (stream) => ok(stream);
    const request = start({ origin: "http://localhost:3000" });
    request.end(Buffer.alloc(5));
    const { headers } = await answerOf(request);
    expect(headers["access-control-allow-origin"]).toBe("http://localhost:3000");
    expect(headers["access-control-expose-headers"]).toMatch(/authorization/);
    const evil = start({ origin: "https://evil.example" });
    evil.end(Buffer.alloc(5));
    expect((await answerOf(evil)).status).toBe(403);
    const rebound = start({ host: "rebound.example" });
    rebound.end(Buffer.alloc(5));
    expect((await answerOf(rebound)).status).toBe(403);
    const preflight = start(
      {
        origin: "http://localhost:3000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "a,b",
      },
      method,
      "OPTIONS",
    );
    preflight.end();
    const asked = await answerOf(preflight);
    expect([asked.status, asked.headers["access-control-allow-headers"]]).toEqual([204, "a,b"]);
  });
});

describe("requests that are no calls", () => {
  it.each([
    ["GET", method, "application/grpc-web+proto", 405, /POST/],
    ["POST", method, "application/grpc-web-text+proto", 415, /text encoding/],
    ["POST", method, "application/json", 415, /grpc-web/],
    ["POST", "/elsewhere", "application/grpc-web+proto", 404, /path/],
    ["POST", "/a.b.Service/Method?x=1", "application/grpc-web+proto", 404, /path/],
    ["POST", "/a/../b/c", "application/grpc-web+proto", 404, /path/],
  ])("%s %s as %s is answered %i", async (verb, path, type, status, text) => {
    upstream.behave = () => expect.unreachable("nothing may reach the upstream");
    const request = start({ "content-type": type }, path, verb);
    request.end();
    const answer = await answerOf(request);
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toMatch(text);
  });
});

describe("the end", () => {
  const statusOf = async (request: ClientRequest) => (await answerOf(request)).trailers;

  it("an upload refused at once is read to its end, and the refusal arrives", async () => {
    upstream.behave = (stream) =>
      stream.respond({ ...grpcHeaders, "grpc-status": "12", "grpc-message": "no" }, { endStream: true });
    const request = start();
    const answer = statusOf(request);
    // In one piece: node's client stops writing once it has an answer.
    request.end(Buffer.alloc(64 << 20));
    await once(request, "finish");
    expect(await answer).toEqual({ "grpc-status": "12", "grpc-message": "no" });
  });

  it("an upstream that is not there is unavailable, and named", async () => {
    const lost = await bridge({ upstream: "grpc://127.0.0.1:9" });
    const request = httpRequest(`${lost.url}${method}`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web" },
    });
    request.end(Buffer.alloc(5));
    const trailers = await statusOf(request);
    expect(trailers["grpc-status"]).toBe("14");
    expect(decodeURIComponent(trailers["grpc-message"]!)).toMatch(/no connection to 127\.0\.0\.1:9.*ECONNREFUSED/);
    await lost.close();
  });

  it.each([
    [constants.NGHTTP2_REFUSED_STREAM, "14"],
    [constants.NGHTTP2_CANCEL, "1"],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, "8"],
    [constants.NGHTTP2_INTERNAL_ERROR, "13"],
  ])("a stream reset with code %i behind a message has status %s", async (code, status) => {
    upstream.behave = (stream) => {
      // Else node ends the stream before it resets it.
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.write(envelope(Buffer.of(1)), () => stream.close(code));
    };
    const request = start();
    request.end(Buffer.alloc(5));
    expect((await statusOf(request))["grpc-status"]).toBe(status);
  });

  it("a stream that ends without trailers is an error", async () => {
    upstream.behave = (stream) => {
      stream.respond(grpcHeaders);
      stream.end(envelope(Buffer.of(1)));
    };
    const request = start();
    request.end(Buffer.alloc(5));
    expect(await statusOf(request)).toMatchObject({ "grpc-status": "13" });
  });

  it.each([
    [401, "16"],
    [404, "12"],
    [503, "14"],
  ])("an upstream that answers HTTP %i has status %s", async (http, status) => {
    upstream.behave = (stream) => {
      stream.respond({ ":status": http, "content-type": "text/html" });
      stream.end("<h1>sorry</h1>");
    };
    const request = start();
    request.end(Buffer.alloc(5));
    const { "grpc-status": code, "grpc-message": text } = await statusOf(request);
    expect([code, decodeURIComponent(text!)]).toEqual([status, expect.stringContaining(`HTTP ${http}`)]);
  });

  it("an upstream that went away is found again", async () => {
    let calls = 0;
    upstream.behave = (stream) => {
      calls++;
      if (calls === 1) stream.session!.destroy();
      else ok(stream);
    };
    const first = start();
    first.end(Buffer.alloc(5));
    expect((await statusOf(first))["grpc-status"]).toBe("14");
    const second = start();
    second.end(Buffer.alloc(5));
    expect(await statusOf(second)).toEqual({ "grpc-status": "0" });
  });

  it("a client that goes away cancels upstream", async () => {
    let code: number | undefined;
    upstream.behave = (stream) => {
      stream.respond(grpcHeaders);
      stream.write(envelope(Buffer.of(1)));
      stream.once("close", () => {
        code = stream.rstCode;
      });
    };
    const request = start();
    request.end(Buffer.alloc(5));
    await once(request, "response");
    request.destroy();
    await expect.poll(() => code).toBe(constants.NGHTTP2_CANCEL);
  });

  it("a client that goes away while it uploads cancels upstream", async () => {
    let code: number | undefined;
    upstream.behave = (stream) => {
      stream.resume();
      stream.once("close", () => {
        code = stream.rstCode;
      });
    };
    const request = start();
    request.write(Buffer.alloc(100));
    await sleep(50);
    request.destroy();
    await expect.poll(() => code).toBe(constants.NGHTTP2_CANCEL);
  });
});

describe("waiting", () => {
  /** Writes until nothing more is taken for a while; says how much was. */
  async function fill(write: (chunk: Buffer) => boolean, drained: () => Promise<unknown>): Promise<number> {
    const chunk = Buffer.alloc(1 << 20);
    let bytes = 0;
    for (;;) {
      bytes += chunk.length;
      if (write(chunk)) continue;
      const stuck = await Promise.race([drained().then(() => false), sleep(500).then(() => true)]);
      if (stuck || bytes > 512 << 20) return bytes;
    }
  }

  it("a result that is not read is not fetched on, and others pass it by", async () => {
    let filled: Promise<number> | undefined;
    upstream.behave = (stream, headers) => {
      if (headers["x-small"]) return ok(stream, envelope(Buffer.of(1)));
      stream.respond(grpcHeaders);
      filled = fill(
        (chunk) => stream.write(chunk),
        () => once(stream, "drain"),
      );
    };
    const slow = Array.from({ length: 4 }, () => start());
    for (const request of slow) {
      request.end(Buffer.alloc(5));
      await once(request, "response");
    }
    // The upstream's window, and what lies in sockets: not all that it would send.
    expect(await filled).toBeLessThan(64 << 20);
    const small = start({ "x-small": "1" });
    small.end(Buffer.alloc(5));
    expect((await answerOf(small)).trailers).toEqual({ "grpc-status": "0" });
    for (const request of slow) request.destroy();
  });

  it("an upload that the upstream does not read is not taken on", async () => {
    // Nobody reads: node's window for a stream is 64 KiB.
    upstream.behave = () => {};
    const request = start();
    const bytes = await fill(
      (chunk) => request.write(chunk),
      () => once(request, "drain"),
    );
    expect(bytes).toBeLessThan(64 << 20);
    request.destroy();
  });
});

it("beyond this machine it asks for a token or does not start, and keeps it to itself", async () => {
  for (const host of ["0.0.0.0", "::"])
    await expect(bridge({ upstream: "grpc://127.0.0.1:1", host })).rejects.toThrow(/give a token/);
  let seen: IncomingHttpHeaders = {};
  upstream.behave = (stream, headers) => {
    seen = headers;
    ok(stream);
  };
  await opened.close();
  opened = await bridge({ upstream: `grpc://${upstream.authority}`, token: "s3cret" });
  for (const [token, status] of [
    [undefined, "16"],
    ["s3cre", "16"],
    ["s3cret", "0"],
  ] as const) {
    const request = start({ authorization: "Bearer t", ...(token !== undefined && { "x-bridge-token": token }) });
    request.end(Buffer.alloc(5));
    expect((await answerOf(request)).trailers["grpc-status"]).toBe(status);
  }
  expect([seen.authorization, seen["x-bridge-token"]]).toEqual(["Bearer t", undefined]);
});

it("an upstream that is no gRPC url is refused at the start", async () => {
  for (const url of ["http://127.0.0.1:1", "grpc://host", "grpc://user@host:1", "grpc://host:1/path", "host:1"]) {
    await expect(bridge({ upstream: url })).rejects.toThrow(/no upstream/);
  }
});
