import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { httpError } from "../transport/status.ts";
import { requestHeaders, responseHeaders, trailerFrame } from "./headers.ts";
import type { Upstream } from "./upstream.ts";

// The most that is read, and thrown away, of an upload that was answered before its end.
const drainLimit = 256 << 20;
const drainMs = 30_000;

/** Ends a call before its time, upstream too, with this gRPC status; nothing when it is over. */
export type BreakOff = (code: number, message: string) => void;

/**
 * Carries one call: the request's bytes go up as they are, the response's come back as they are, the trailers as the
 * last frame of the body. Each side waits for the other, and each learns when the other has gone.
 */
export function relay(
  request: IncomingMessage,
  response: ServerResponse,
  cors: OutgoingHttpHeaders,
  to: Upstream,
): BreakOff {
  let session: ClientHttp2Session;
  let stream: ClientHttp2Stream;
  try {
    session = to.session();
    stream = session.request(requestHeaders(request.headers, request.url ?? "/", to.authority));
  } catch (reason) {
    refuseCall(request, response, cors, 14, `the bridge cannot call ${to.authority}: ${text(reason)}`);
    return () => {};
  }
  let trailers: IncomingHttpHeaders | undefined;
  let reason: unknown;
  stream.on("response", (headers) => {
    const status = headers[":status"] ?? 0;
    if (status !== 200) {
      const { code, rawMessage } = httpError(status, new Headers()) as ConnectError;
      trailers = failure(code, `${to.authority} answered ${rawMessage}`);
      stream.close(constants.NGHTTP2_CANCEL);
      return;
    }
    // A call that failed before its first message has its status here ("trailers-only").
    if (headers["grpc-status"] !== undefined) trailers = statusOf(headers);
    response.writeHead(200, { ...responseHeaders(headers), ...cors });
    // So that a page sees the headers before the first message.
    response.flushHeaders();
  });
  stream.on("trailers", (headers) => {
    trailers = headers;
  });
  stream.on("data", (chunk: Buffer) => {
    // What is not gRPC has no place in the answer.
    if (response.headersSent && !response.write(chunk)) stream.pause();
  });
  response.on("drain", () => stream.resume());
  stream.on("error", (error) => {
    reason = error;
  });
  let done = false;
  const end = () => {
    if (done) return;
    done = true;
    finish(request, response, cors, trailers ?? failure(...broken(session, stream, reason, to.authority)));
    // The upstream has said all it will: nobody wants the rest of the upload.
    stream.close(constants.NGHTTP2_CANCEL);
  };
  stream.once("end", () => {
    if (trailers) end();
  });
  stream.once("close", end);
  // Ends the upstream's half when the upload ends; waits while it does not read.
  request.pipe(stream);
  request.on("error", () => {});
  response.on("error", () => {});
  response.once("close", () => {
    if (!response.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
  });
  return (code, message) => {
    trailers = failure(code, message);
    stream.close(constants.NGHTTP2_CANCEL);
  };
}

/** Answers a call that goes nowhere: with a gRPC status, which a page can read. */
export function refuseCall(
  request: IncomingMessage,
  response: ServerResponse,
  cors: OutgoingHttpHeaders,
  code: number,
  message: string,
): void {
  finish(request, response, cors, failure(code, message));
}

function finish(
  request: IncomingMessage,
  response: ServerResponse,
  cors: OutgoingHttpHeaders,
  trailers: OutgoingHttpHeaders,
): void {
  if (!response.destroyed && !response.writableEnded) {
    if (!response.headersSent) response.writeHead(200, { "content-type": "application/grpc-web+proto", ...cors });
    response.end(trailerFrame(trailers));
  }
  drain(request);
}

/** Without it a browser that is still sending reports a lost connection, and not the status. */
function drain(request: IncomingMessage): void {
  request.unpipe();
  if (request.readableEnded || request.destroyed) return;
  let left = drainLimit;
  const timer = setTimeout(() => request.destroy(), drainMs);
  request.once("close", () => clearTimeout(timer));
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}

function statusOf(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(":") && name !== "content-type" && name !== "date"),
  );
}

function failure(code: number, message: string): IncomingHttpHeaders {
  return { "grpc-status": String(code), "grpc-message": encodeURIComponent(message) };
}

/** What a stream that ended without trailers ended of. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function broken(
  session: ClientHttp2Session,
  stream: ClientHttp2Stream,
  reason: unknown,
  authority: string,
): [number, string] {
  // Node closes the streams of a lost connection as if they had been cancelled.
  if (session.destroyed) {
    return [14, `the bridge has no connection to ${authority}: ${reason === undefined ? "it was lost" : text(reason)}`];
  }
  switch (stream.rstCode) {
    case constants.NGHTTP2_NO_ERROR:
      return [13, `${authority} ended the call without a status`];
    case constants.NGHTTP2_REFUSED_STREAM:
      return [14, `${authority} refused the call`];
    case constants.NGHTTP2_CANCEL:
      return [1, `${authority} cancelled the call`];
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return [8, `${authority} asks for fewer calls`];
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return [7, `${authority} demands better security`];
    default:
      return [13, `${authority} broke off the call with HTTP/2 code ${stream.rstCode}`];
  }
}

function text(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const { code } = reason as NodeJS.ErrnoException;
  return reason.message || code || reason.name;
}
