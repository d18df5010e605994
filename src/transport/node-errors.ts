import { type ClientHttp2Stream, constants } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

/** What a failed connection most probably is, and what to do. */
export function connectError(cause: unknown, baseUrl: string): ConnectError {
  if (cause instanceof ConnectError) return cause;
  const { code, message } = describe(cause);
  return new ConnectError(
    `no connection to ${baseUrl}: ${hint(code, message)}`,
    Code.Unavailable,
    undefined,
    undefined,
    cause,
  );
}

/** Why a stream ended without a status. The caller's own abort never comes here: its reason is reported instead. */
export function callError(cause: unknown, stream: ClientHttp2Stream, baseUrl: string): ConnectError {
  if (cause instanceof ConnectError) return cause;
  const { code, message } = describe(cause);
  if (code !== "" && code !== "ERR_HTTP2_STREAM_ERROR") return connectError(cause, baseUrl);
  const [grpcCode, why] = resets[stream.rstCode ?? 0] ?? [
    Code.Internal,
    `it was reset with HTTP/2 code ${stream.rstCode}`,
  ];
  return new ConnectError(
    `the call to ${baseUrl} ended without a status: ${message === "" || cause === undefined ? why : `${why} (${message})`}`,
    grpcCode,
    undefined,
    undefined,
    cause,
  );
}

// gRPC over HTTP/2, "HTTP2 Transport Mapping, Errors". CANCEL is not `canceled`: the caller did not ask for it.
const resets: Readonly<Record<number, readonly [Code, string]>> = {
  [constants.NGHTTP2_NO_ERROR]: [Code.Unavailable, "the connection was closed"],
  [constants.NGHTTP2_REFUSED_STREAM]: [Code.Unavailable, "the server refused the call before it began"],
  [constants.NGHTTP2_CANCEL]: [Code.Unavailable, "the server or a proxy cut it"],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: [Code.ResourceExhausted, "the server finds this client too demanding"],
  [constants.NGHTTP2_INADEQUATE_SECURITY]: [Code.PermissionDenied, "the connection's TLS is too weak for the server"],
};

function describe(cause: unknown): { code: string; message: string } {
  if (!(cause instanceof Error)) return { code: "", message: "" };
  return { code: (cause as NodeJS.ErrnoException).code ?? "", message: cause.message };
}

function hint(code: string, message: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there (ECONNREFUSED)";
    case "ENOENT":
      return "there is no such socket (ENOENT)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host name is not known (${code})`;
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return "the server does not speak TLS here; use grpc:// or insecure: true for a plaintext port";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return `its certificate is not signed by a known authority; give that one as tls.ca (${code})`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "its certificate is for another name; give that as tls.serverName if it is the right server";
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired";
    case "ERR_HTTP2_ERROR":
      return `the server does not speak HTTP/2 here; an HTTP/1 or gRPC-Web port is reached by an http: or https: url (${message})`;
    case "ECONNRESET":
    case "ERR_HTTP2_SESSION_ERROR":
    case "ERR_HTTP2_INVALID_SESSION":
    case "ERR_HTTP2_GOAWAY_SESSION":
      return `the connection was closed by the other side; a TLS port reached without TLS does that too (${code})`;
    default:
      return message;
  }
}
