import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** Which pages of other origins may call, and under which names this server may be called. */
export interface BrowserRules {
  /**
   * Origins whose pages may call, such as `"https://dash.example.com"`; `"*"` is any. By default pages of this
   * machine: `http(s)://localhost`, `127.0.0.1` and `[::1]`, any port.
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * Host names accepted besides `localhost`, `127.0.0.1` and `[::1]`. Only asked while bound to this machine: a page
   * whose own name was pointed at 127.0.0.1 (DNS rebinding) is of our origin, and its `Host` is all that tells.
   */
  readonly hosts?: readonly string[] | undefined;
}

// What a gRPC-Web client has to read of an answer that comes in its headers: the status of a call that failed before
// its first message, Arrow's own account of it, and what the handshake and sessions send.
const exposed = [
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "authorization",
  "set-cookie",
  "x-arrow-status",
  "x-arrow-status-message-bin",
  "x-arrow-status-detail-bin",
];

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/** Whether what is bound to this address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}

/** Whether the `Host` of a request names this server. */
export function hostAllowed(headers: IncomingHttpHeaders, rules: BrowserRules): boolean {
  const name = (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  return loopbackNames.includes(name) || (rules.hosts ?? []).includes(name);
}

/**
 * The CORS headers for the origin of a request: none when it has no origin (or its own), null when it is refused.
 *
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders(
  request: IncomingMessage,
  rules: BrowserRules,
  responseNames: Iterable<string> = [],
): OutgoingHttpHeaders | null {
  const origin = request.headers.origin;
  if (origin === undefined) return {};
  if (!originAllowed(origin, request.headers.host, rules)) return null;
  return {
    "access-control-allow-origin": origin,
    // Sessions are cookies. With them no header may be a wildcard, so each is named.
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": [...new Set([...exposed, ...responseNames])].join(", "),
    vary: "Origin",
  };
}

/** The answer to a preflight: whatever headers the page wants to send, as its origin is trusted. */
export function preflightHeaders(request: IncomingMessage, rules: BrowserRules): OutgoingHttpHeaders | null {
  const cors = corsHeaders(request, rules);
  return (
    cors && {
      ...cors,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "",
      // Chromium asks so when a public page calls a private address.
      ...(request.headers["access-control-request-private-network"] && {
        "access-control-allow-private-network": "true",
      }),
      "access-control-max-age": "7200",
    }
  );
}

export function isPreflight(request: IncomingMessage): boolean {
  return request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
}

function originAllowed(origin: string, host: string | undefined, { origins }: BrowserRules): boolean {
  if (origin === `http://${host}` || origin === `https://${host}`) return true;
  if (origins) return origins.includes("*") || origins.includes(origin);
  return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin);
}
