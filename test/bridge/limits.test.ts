// What everything that carries calls for others takes at most: the bridge, and the playground's server, whose upstream
// is one of two kinds.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, createServer, type IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { bridge } from "../../src/bridge/index.ts";
import type { CallLimits } from "../../src/bridge/limits.ts";
import { servePage } from "../../src/cli/page-server.ts";
import { answerOf, call, envelope, grpcHeaders, ok, startUpstream, type Upstream } from "./calls.ts";

interface Carrier {
  readonly url: string;
  close(): Promise<void>;
}

let folder: string;
let upstream: Upstream;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "limits-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

const page = (to: string, limits: CallLimits): Promise<Carrier> =>
  servePage({ upstream: to, tls: {}, headers: {}, isSecret: false, folder, port: 0, ...limits });

const carriers: Readonly<Record<string, (limits: CallLimits) => Promise<Carrier>>> = {
  "the bridge": (limits) => bridge({ upstream: `grpc://${upstream.authority}`, ...limits }),
  "the page's server, to gRPC": (limits) => page(`grpc://${upstream.authority}`, limits),
  "the page's server, to gRPC-Web": async (limits) => {
    const web = await bridge({ upstream: `grpc://${upstream.authority}` });
    onTestFinished(() => web.close());
    return page(web.url, limits);
  },
};

/** Sends a byte more than the 1000 there may be when the first message of the answer is there. */
async function grow(request: ClientRequest): Promise<void> {
  request.write(Buffer.alloc(1000));
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await once(response, "readable");
  const parts: Buffer[] = [response.read()];
  request.write(Buffer.alloc(1));
  for await (const part of response) parts.push(part as Buffer);
  request.destroy();
  const all = Buffer.concat(parts);
  expect(all.subarray(0, 6)).toEqual(envelope(Buffer.of(1)));
  expect(decodeURIComponent(all.toString("utf8", 11))).toMatch(/^grpc-status: 8\r\n.*1000 bytes/);
}

describe.each(Object.entries(carriers))("%s", (_, carrierWith) => {
  async function limited(limits: CallLimits): Promise<(headers?: Record<string, string>) => ClientRequest> {
    const { url, close } = await carrierWith(limits);
    onTestFinished(close);
    return (headers = {}) => call(url, { headers });
  }

  /** The status and its text. */
  async function statusOf(request: ClientRequest): Promise<readonly string[]> {
    const { "grpc-status": code = "none", "grpc-message": text = "" } = (await answerOf(request)).trailers;
    return [code, decodeURIComponent(text)];
  }

  const tooLarge = ["8", expect.stringContaining("1000 bytes")];

  it.each([true, false])("refuses a body that is too large, its length announced: %s", async (isAnnounced) => {
    let received = 0;
    upstream.behave = (stream) => {
      stream.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      stream.on("end", () => {
        if (!stream.destroyed) ok(stream, envelope(Buffer.of(1)));
      });
    };
    const start = await limited({ maxRequestBytes: 1000 });
    const good = start();
    good.end(Buffer.alloc(1000));
    expect(await statusOf(good)).toEqual(["0", ""]);
    received = 0;
    const request = start(isAnnounced ? { "content-length": "100000" } : { "transfer-encoding": "chunked" });
    const status = statusOf(request);
    for (let i = 0; i < 100; i++) request.write(Buffer.alloc(1000));
    request.end();
    expect(await status).toEqual(tooLarge);
    expect(received).toBeLessThan(isAnnounced ? 1 : 100_000);
  });

  it("has a limit when none is given", async () => {
    const start = await limited({});
    const request = start({ "content-length": String(2 ** 32 + 1) });
    request.flushHeaders();
    expect(await statusOf(request)).toEqual(["8", expect.stringContaining("4294967296 bytes")]);
    request.destroy();
  });

  it("refuses a body that grows too large behind the first answers, and ends the call upstream", async () => {
    let reset: number | undefined;
    upstream.behave = (stream) => {
      stream.resume();
      stream.once("close", () => {
        reset = stream.rstCode;
      });
      stream.respond(grpcHeaders);
      stream.write(envelope(Buffer.of(1)));
    };
    const start = await limited({ maxRequestBytes: 1000 });
    await grow(start({ "transfer-encoding": "chunked" }));
    await expect.poll(() => reset).toBe(constants.NGHTTP2_CANCEL);
  });

  it("refuses calls beyond the limit while the others last", async () => {
    const held: ServerHttp2Stream[] = [];
    upstream.behave = (stream) => void held.push(stream);
    const start = await limited({ maxCalls: 2 });
    const open = [start(), start()] as const;
    for (const request of open) request.end(Buffer.alloc(5));
    await expect.poll(() => held.length).toBe(2);
    const third = start();
    third.end(Buffer.alloc(5));
    expect(await statusOf(third)).toEqual(["14", expect.stringContaining("2 calls are under way")]);
    // The upstream's order need not be ours.
    const first = Promise.race(open.map(statusOf));
    ok(held[0]!);
    expect(await first).toEqual(["0", ""]);
    upstream.behave = (stream) => ok(stream);
    // One place is free, and stays so when its call is over.
    for (let i = 0; i < 3; i++) {
      const next = start();
      next.end(Buffer.alloc(5));
      expect(await statusOf(next)).toEqual(["0", ""]);
    }
    for (const request of open) request.destroy();
  });

  it("counts no call that its caller has left", async () => {
    const held: ServerHttp2Stream[] = [];
    upstream.behave = (stream) => void held.push(stream);
    const start = await limited({ maxCalls: 1 });
    const left = start();
    left.end(Buffer.alloc(5));
    await expect.poll(() => held.length).toBe(1);
    left.destroy();
    upstream.behave = (stream) => ok(stream);
    await vi.waitFor(async () => {
      const next = start();
      next.end(Buffer.alloc(5));
      expect(await statusOf(next)).toEqual(["0", ""]);
    }, 10_000);
  });
});

it("the page's server has room for the status behind an answer that gave its length", async () => {
  const web = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/grpc-web+proto", "content-length": 100_000 });
    response.write(envelope(Buffer.of(1)));
  }).listen(0, "127.0.0.1");
  await once(web, "listening");
  onTestFinished(() => void web.close());
  const { url, close } = await page(`http://127.0.0.1:${(web.address() as AddressInfo).port}`, {
    maxRequestBytes: 1000,
  });
  onTestFinished(close);
  await grow(call(url, { headers: { "transfer-encoding": "chunked" } }));
});
