import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { IncomingHttpHeaders as Http2Headers } from "node:http2";

// RFC 9110 §7.6.1, and what HTTP/2 forbids or says otherwise (RFC 9113 §8.2.2).
const hopByHop = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

// What a browser says of itself and the page, which is nothing to the server.
const fromBrowser =
  /^(accept|accept-.+|access-control-.+|cache-control|dnt|origin|pragma|priority|referer|sec-.+|upgrade-insecure-requests|user-agent|x-grpc-web)$/;

/** What callers show to the bridge itself: `authorization` is for the server behind it. */
export const tokenHeader = "x-bridge-token";

/** A gRPC-Web request's headers as those of the gRPC request. */
export function requestHeaders(headers: IncomingHttpHeaders, path: string, authority: string): OutgoingHttpHeaders {
  const dropped = new Set((headers.connection ?? "").toLowerCase().split(/[\s,]+/));
  const out: OutgoingHttpHeaders = {
    ":method": "POST",
    ":path": path,
    ":authority": authority,
    "content-type": (headers["content-type"] ?? "").replace("grpc-web", "grpc"),
    // Servers may refuse a call whose sender does not say that it reads trailers.
    te: "trailers",
  };
  for (const [name, value] of Object.entries(headers)) {
    if (name in out || value === undefined || hopByHop.has(name) || dropped.has(name)) continue;
    if (name === tokenHeader || fromBrowser.test(name)) continue;
    out[name] = value;
  }
  return out;
}

/** A gRPC response's headers as those of the gRPC-Web response. Its status, if it is there, is sent in the body. */
export function responseHeaders(headers: Http2Headers): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined || hopByHop.has(name) || isStatus(name)) continue;
    out[name] = value;
  }
  out["content-type"] = String(headers["content-type"] ?? "application/grpc").replace("grpc", "grpc-web");
  return out;
}

function isStatus(name: string): boolean {
  return name === "grpc-status" || name === "grpc-message" || name === "grpc-status-details-bin";
}

/** Trailers as the last frame of a gRPC-Web body: `[0x80] [u32 big-endian length] [name: value CRLF …]`. */
export function trailerFrame(trailers: Http2Headers | OutgoingHttpHeaders): Buffer {
  let text = "";
  for (const [name, value] of Object.entries(trailers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) text += `${name}: ${one}\r\n`;
  }
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head[0] = 0x80;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}
