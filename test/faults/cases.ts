// Every fault that the tests of this folder make, and what its user sees. The README's table is made from it.

import type { FlightSqlErrorCode } from "../../src/errors.ts";
import { resetNames } from "./wire.ts";

/** What reaches the user. */
export interface Seen {
  /** The first is the one to expect; a platform or the moment may make it one of the others. */
  readonly code: FlightSqlErrorCode | readonly FlightSqlErrorCode[];
  /** Part of the message, behind the call and the server; "…" stands for anything. */
  readonly says: string;
}

export interface FaultCase {
  /** Why it has to be so. */
  readonly rule: string;
  /** Over native gRPC, on Node. */
  readonly grpc?: Seen;
  /** Over gRPC-Web, on Node and in browsers. */
  readonly web?: Seen;
  /** In browsers, where they tell less. */
  readonly browser?: Seen;
}

const unavailable = (says: string): Seen => ({ code: "unavailable", says });

const unreachable = "the server is not reachable, its TLS certificate is not trusted, or CORS refuses this page";
const cut = "ended without a status: the connection was closed";

/** Nothing answers, or something else than a Flight server does. */
export const connecting = {
  "connection refused": {
    rule: "gRPC: a server that cannot be reached is unavailable",
    grpc: unavailable("no connection to … nothing listens there (ECONNREFUSED)"),
    web: unavailable(unreachable),
  },
  "unknown host name": {
    rule: "gRPC: a server that cannot be reached is unavailable",
    grpc: unavailable("no connection to … the host name is not known"),
  },
  "TLS to a plaintext port": {
    rule: "the message names the option that is wrong",
    grpc: unavailable("the server does not speak TLS here; use grpc:// or insecure: true"),
  },
  "plaintext to a TLS port": {
    rule: "the message names the scheme that is probably right",
    grpc: unavailable("a TLS port reached without TLS does that too"),
  },
  "self-signed certificate": {
    rule: "TLS is never weakened silently; the option that trusts it is named",
    grpc: unavailable("its certificate is not signed by a known authority; give that one as tls.ca"),
  },
  "certificate of another authority": {
    rule: "TLS is never weakened silently; the option that trusts it is named",
    grpc: unavailable("its certificate is not signed by a known authority; give that one as tls.ca"),
  },
  "certificate for another name": {
    rule: "RFC 9110, 4.3.4; the option for the name is named",
    grpc: unavailable("its certificate is for another name; give that as tls.serverName"),
  },
  "HTTP/1-only server": {
    rule: "an HTTP/1 answer to the HTTP/2 preface is recognised",
    grpc: unavailable(
      "the server does not speak HTTP/2 here … an HTTP/1 or gRPC-Web port is reached by an http: or https: url",
    ),
  },
  "HTML from an HTTP/1 server": {
    rule: "an HTTP/1 answer to the HTTP/2 preface is recognised",
    grpc: unavailable(
      "the server does not speak HTTP/2 here … an HTTP/1 or gRPC-Web port is reached by an http: or https: url",
    ),
  },
  "closed as soon as it is open": {
    rule: "gRPC: a lost connection is unavailable",
    grpc: unavailable(cut),
  },
  "the server never answers (connectTimeoutMs)": {
    rule: "connecting, TLS and HTTP/2 handshakes included, ends with connectTimeoutMs",
    grpc: unavailable("no connection to … within 300 ms"),
  },
  "the server never answers the TLS handshake (connectTimeoutMs)": {
    rule: "connecting, TLS and HTTP/2 handshakes included, ends with connectTimeoutMs",
    grpc: unavailable("no connection to … within 300 ms"),
  },
} as const satisfies Record<string, FaultCase>;

const status = (code: FlightSqlErrorCode, says: string): FaultCase => ({
  rule: "gRPC: http-grpc-status-mapping.md",
  grpc: { code, says },
  web: { code, says },
});

/** What proxies and web servers answer in a Flight server's place: by HTTP status. */
export const statuses = {
  400: status("internal", "HTTP 400: the server did not understand the request"),
  401: status("unauthenticated", "HTTP 401: credentials are missing or wrong"),
  403: status("permission_denied", "HTTP 403: a proxy or the server refuses this caller"),
  404: status("unimplemented", "HTTP 404: no Flight service at this path"),
  405: status("unimplemented", "HTTP 405: this address does not take gRPC calls"),
  413: status("resource_exhausted", "HTTP 413: a proxy refuses a request of this size"),
  429: status("unavailable", "HTTP 429: too many requests"),
  500: status("unknown", "HTTP 500"),
  502: status("unavailable", "HTTP 502: the proxy cannot reach the server"),
  503: status("unavailable", "HTTP 503: the server is not ready"),
  504: status("unavailable", "HTTP 504: the proxy gave up waiting for the server"),
} as const satisfies Record<number, FaultCase>;

const noStatus = "ended without a gRPC status: the connection was cut, or a proxy removed the trailers";

/** Answers that are complete, but no answers of gRPC. */
export const answers = {
  "HTML with status 200": {
    rule: "gRPC: another content type is unknown",
    grpc: { code: "unknown", says: 'the answer is "text/html", not gRPC: this address is no Flight server' },
    web: { code: "unknown", says: 'the answer is "text/html", not gRPC: this address is no Flight server' },
  },
  "no content type": {
    rule: "gRPC: another content type is unknown",
    grpc: { code: "unknown", says: "not gRPC: this address is no Flight server" },
  },
  "end without trailers": {
    rule: "an answer without a status is not taken for a success",
    grpc: unavailable(noStatus),
    web: unavailable(noStatus),
  },
  "headers and nothing else": {
    rule: "an answer without a status is not taken for a success",
    grpc: unavailable(noStatus),
    web: unavailable(noStatus),
  },
  "end within a message": {
    rule: "rows are never dropped silently",
    grpc: unavailable("the response ends in the middle of a message: the connection was cut"),
    web: unavailable("the response ends in the middle of a message: the connection was cut"),
  },
  "success without its message": {
    rule: "gRPC: a unary call has one answer",
    grpc: { code: ["unimplemented", "internal"], says: "the call succeeded without its message" },
    web: { code: ["unimplemented", "internal"], says: "the call succeeded without its message" },
  },
  "compressed message": {
    rule: "gRPC compression.md: none was offered",
    grpc: { code: "internal", says: "the server compressed a message, which was not offered" },
    web: { code: "internal", says: "the server compressed a message, which was not offered" },
  },
  "message that claims 4 GB": {
    rule: "memory is not taken because of a length alone",
    grpc: unavailable("the response ends in the middle of a message: the connection was cut"),
    web: unavailable("the response ends in the middle of a message: the connection was cut"),
  },
  "message that is no protobuf": {
    rule: "what cannot be read is an error of ours, with the call's name",
    grpc: { code: ["internal", "data_loss", "invalid_argument"], says: "the answer cannot be read" },
    web: { code: ["internal", "data_loss", "invalid_argument"], says: "the answer cannot be read" },
  },
  "grpc-status that is no number": {
    rule: "gRPC: a status that is not understood is unknown",
    grpc: { code: "unknown", says: "the server's own words" },
    web: { code: "unknown", says: "the server's own words" },
  },
  "grpc-status 99": {
    rule: "gRPC: a status that is not understood is unknown",
    grpc: { code: "unknown", says: "the server's own words" },
    web: { code: "unknown", says: "the server's own words" },
  },
  "grpc-status -1": {
    rule: "gRPC: a status that is not understood is unknown",
    grpc: { code: "unknown", says: "the server's own words" },
    web: { code: "unknown", says: "the server's own words" },
  },
  "empty grpc-status": {
    rule: "gRPC: a status that is not understood is unknown",
    grpc: { code: "unknown", says: "the server's own words" },
    web: { code: "unknown", says: "the server's own words" },
  },
  "two statuses, one of them OK": {
    rule: "an answer is no success when it also says that it is none",
    grpc: { code: ["unknown", "internal"], says: "the server's own words" },
    web: { code: ["unknown", "internal"], says: "the server's own words" },
  },
  "grpc-message with a bare %": {
    rule: "gRPC over HTTP/2: a message that cannot be decoded never hides the status",
    grpc: { code: "not_found", says: "100% wrong" },
    web: { code: "not_found", says: "100% wrong" },
  },
  "grpc-message of bytes that are no UTF-8": {
    rule: "gRPC over HTTP/2: a message that cannot be decoded never hides the status",
    grpc: { code: "not_found", says: "bad \ufffd bytes" },
    web: { code: "not_found", says: "bad \ufffd bytes" },
  },
  "details that are no google.rpc.Status": {
    rule: "Arrow C++ puts bytes of its own there; they never hide the status",
    grpc: { code: "not_found", says: "the server's own words" },
    web: { code: "not_found", says: "the server's own words" },
  },
  "no grpc-message": {
    rule: "a message is never empty",
    grpc: { code: "internal", says: "the server gave no reason" },
    web: { code: "internal", says: "the server gave no reason" },
  },
} as const satisfies Record<string, FaultCase>;

/** gRPC-Web alone. */
export const web = {
  "CORS refused": {
    rule: "browsers do not say why; the message lists what it can be",
    browser: unavailable(`${unreachable} … must allow its origin`),
  },
  "header blocked by CORS": {
    rule: "browsers do not say why; the message lists what it can be",
    browser: unavailable(`${unreachable} … and the headers sent`),
  },
  "error of a proxy without CORS headers": {
    rule: "browsers do not say why; the message lists what it can be",
    web: { code: "unavailable", says: "HTTP 503" },
    browser: unavailable(unreachable),
  },
  "status that CORS does not expose": {
    rule: "the header that lets the page see it is named",
    browser: { code: ["unavailable", "unknown"], says: "Access-Control-Expose-Headers" },
  },
  "redirect to a login page": {
    rule: "credentials do not follow a redirect; the message says that it may be one",
    web: unavailable("it redirects"),
  },
  "data behind the trailers": {
    rule: "PROTOCOL-WEB: trailers are the last frame",
    web: { code: "internal", says: "the response goes on after its trailers" },
  },
  "base64 (grpc-web-text) answer": {
    rule: "PROTOCOL-WEB: the text form was not asked for",
    web: { code: ["unknown", "unimplemented", "internal"], says: "application/grpc-web-text" },
  },
  "a native gRPC answer": {
    rule: "the status is in HTTP trailers, which fetch does not show",
    web: { code: ["unavailable", "unknown"], says: noStatus },
  },
} as const satisfies Record<string, FaultCase>;

const dropped = (where: string): FaultCase => ({
  rule: "gRPC: a lost connection is unavailable, never canceled and never a success",
  grpc: unavailable(cut),
  ...(where === "before headers"
    ? { web: unavailable(unreachable) }
    : { web: unavailable("the connection broke while the response was read") }),
});

/** The connection goes away in the middle of an answer. */
export const drops = {
  "connection dropped before headers": dropped("before headers"),
  "connection dropped after headers": dropped("after headers"),
  "connection dropped within a message": dropped("within a message"),
  "connection dropped between messages": dropped("between messages"),
  "connection dropped before trailers": dropped("before trailers"),
} as const satisfies Record<string, FaultCase>;

const resets: readonly Seen[] = [
  unavailable(cut),
  { code: "internal", says: "reset with HTTP/2 code 1" },
  { code: "internal", says: "reset with HTTP/2 code 2" },
  { code: "internal", says: "reset with HTTP/2 code 3" },
  { code: "internal", says: "reset with HTTP/2 code 4" },
  { code: "internal", says: "reset with HTTP/2 code 5" },
  { code: "internal", says: "reset with HTTP/2 code 6" },
  unavailable("the server refused the call before it began"),
  unavailable("the server or a proxy cut it"),
  { code: "internal", says: "reset with HTTP/2 code 9" },
  { code: "internal", says: "reset with HTTP/2 code 10" },
  { code: "resource_exhausted", says: "the server finds this client too demanding" },
  { code: "permission_denied", says: "the connection's TLS is too weak for the server" },
  { code: ["internal", "unimplemented"], says: "the server wants HTTP/1.1 for this" },
];

/** RST_STREAM with each code, by number. */
export const resetCases: readonly (FaultCase & { readonly grpc: Seen })[] = resets.map((grpc) => ({
  rule: "gRPC over HTTP/2, Errors; CANCEL was not the caller's",
  grpc,
}));

/** The name of a row of `resetCases`. */
export const resetName = (code: number): string => `RST_STREAM ${code} (${resetNames[code]})`;

const broken: FaultCase & { grpc: Seen } = {
  rule: "RFC 9113, 5.4.1: the connection is given up, the next call has a new one",
  grpc: { code: ["unavailable", "internal"], says: "the server does not keep to HTTP/2" },
};

const malformed: FaultCase & { grpc: Seen } = {
  rule: "RFC 9113, 8.1.1: the stream is given up, the connection stays",
  grpc: { code: "internal", says: "the answer of … cannot be taken" },
};

/** HTTP/2 itself, broken. */
export const protocol = {
  "GOAWAY, the call is not among those that go on": {
    rule: "RFC 9113, 6.8: the server has not seen the call",
    grpc: unavailable("the server refused the call before it began"),
  },
  "GOAWAY with an error": {
    rule: "RFC 9113, 6.8: what the server says of it is told",
    grpc: { code: ["unavailable", "resource_exhausted"], says: "too_many_pings" },
  },
  "frame larger than allowed": broken,
  "more data than the stream's window": broken,
  "window beyond 2^31-1": broken,
  "DATA before HEADERS": malformed,
  "DATA on stream 0": broken,
  "SETTINGS of a wrong length": broken,
  "a window beyond 2^31-1 in SETTINGS": broken,
  "PUSH_PROMISE, which is off": broken,
  "header block that is no HPACK": broken,
  "header block without an end": broken,
  "CONTINUATION of nothing": broken,
  "PING of a wrong length": broken,
  "trailers without END_STREAM": malformed,
  "padding longer than its frame": broken,
  "not HTTP/2 at all, after a good start": broken,
  "headers of 4 MB": {
    rule: "RFC 9113, 10.5.1: bounded memory, and what was too large is said",
    grpc: { code: ["unavailable", "resource_exhausted", "internal"], says: "headers or trailers are larger than" },
  },
} as const satisfies Record<string, FaultCase & { readonly grpc: Seen }>;

const unsure = "not known whether the transaction was committed: look before you repeat it";

/** What was written, as far as it is known. */
export const writes = {
  "ingest: an error behind the count": {
    rule: "the count the server gave and the error both reach the caller (recordCount)",
    grpc: { code: "internal", says: "disk full (after 2 rows)" },
    web: { code: "internal", says: "disk full (after 2 rows)" },
  },
  "ingest: the connection dies behind the count": {
    rule: "the count the server gave and the error both reach the caller (recordCount)",
    grpc: unavailable("(after 2 rows)"),
    web: unavailable("(after 2 rows)"),
  },
  "commit: the connection dies before the answer": {
    rule: "nobody here knows what the server did",
    grpc: unavailable(unsure),
    web: unavailable(unsure),
  },
  "commit: the answer is cut": {
    rule: "nobody here knows what the server did",
    grpc: unavailable(unsure),
    web: unavailable(unsure),
  },
  "commit: timeoutMs passes": {
    rule: "nobody here knows what the server did",
    grpc: { code: "deadline_exceeded", says: unsure },
    web: { code: "deadline_exceeded", says: unsure },
  },
} as const satisfies Record<string, FaultCase>;

const stopped: FaultCase = {
  rule: "the caller's reason is the cause; the server is told; nothing is left behind",
  grpc: { code: "canceled", says: "aborted by the caller" },
  web: { code: "canceled", says: "aborted by the caller" },
};
const late: FaultCase = {
  rule: "a call ends in its time at every stage; the server is told",
  grpc: { code: "deadline_exceeded", says: "not finished within timeoutMs (500 ms)" },
  web: { code: "deadline_exceeded", says: "not finished within timeoutMs (500 ms)" },
};

/** Calls that the caller ends. */
export const stops = {
  "signal aborted, at any stage": stopped,
  "timeoutMs over, at any stage": late,
  "client closed, at any stage": {
    rule: "close() ends the calls under way, and says so",
    grpc: { code: "canceled", says: "the client was closed" },
    web: { code: "canceled", says: "the client was closed" },
  },
} as const satisfies Record<string, FaultCase>;
