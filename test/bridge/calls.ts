// Both ends of a call that something in between carries: a gRPC-Web request over HTTP/1.1, and a gRPC server that does
// with it what the test says.

import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

/** What the upstream of a test does with a call. */
export type Behave = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface Upstream {
  /** `host:port` */
  readonly authority: string;
  behave: Behave;
  close(): void;
}

export async function startUpstream(): Promise<Upstream> {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    upstream.behave(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const upstream: Upstream = {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave: (stream) => ok(stream),
    close: () => void server.close(),
  };
  return upstream;
}

export const method = "/a.b.Service/Method";
export const grpcHeaders = { ":status": 200, "content-type": "application/grpc+proto" } as const;

/** Answers a call. */
export function ok(stream: ServerHttp2Stream, body: Uint8Array = Buffer.of()): void {
  stream.respond(grpcHeaders, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(body);
}

/** Begins a call of what is at `url`; the body is for the test to write. */
export function call(
  url: string,
  { headers = {}, path = method, verb = "POST" }: { headers?: Record<string, string>; path?: string; verb?: string },
): ClientRequest {
  const { hostname, port } = new URL(url);
  const request = httpRequest({
    hostname,
    port,
    path,
    method: verb,
    headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1", ...headers },
  });
  request.on("error", () => {});
  return request;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

export async function answerOf(request: ClientRequest): Promise<Answer> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode!, headers: response.headers, ...cut(Buffer.concat(parts)) };
}

/** Messages, and the trailers behind them. */
function cut(bytes: Buffer): Pick<Answer, "body" | "trailers"> {
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
    if (bytes[at] !== 0x80) continue;
    const lines = bytes
      .toString("utf8", at + 5)
      .split("\r\n")
      .filter(Boolean);
    const trailers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
    return { body: bytes.subarray(0, at), trailers };
  }
  return { body: bytes, trailers: {} };
}

export function envelope(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
