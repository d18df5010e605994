import { Code, ConnectError } from "@connectrpc/connect";
import { errorCode } from "./frames.ts";

/** What a failed connection most probably is, and what to do. */
export function connectError(cause: unknown, baseUrl: string): ConnectError {
  return unavailable(cause, `no connection to ${baseUrl}`);
}

/**
 * Why a stream ended without a status. The caller's own abort never comes here: its reason is reported instead.
 *
 * @param reason the HTTP/2 code it was reset with, or what ended the connection
 */
export function callError(reason: unknown, baseUrl: string): ConnectError {
  const what = `the call to ${baseUrl} ended without a status`;
  if (typeof reason !== "number") return unavailable(reason, what);
  const [code, why] = resets[reason] ?? [Code.Internal, `it was reset with HTTP/2 code ${reason}`];
  return new ConnectError(`${what}: ${why}`, code);
}

function unavailable(cause: unknown, what: string): ConnectError {
  if (cause instanceof ConnectError) return cause;
  const { code, message } = describe(cause);
  return new ConnectError(`${what}: ${hint(code, message)}`, Code.Unavailable, undefined, undefined, cause);
}

// gRPC over HTTP/2, "HTTP2 Transport Mapping, Errors". CANCEL is not `canceled`: the caller did not ask for it.
const resets: Readonly<Record<number, readonly [Code, string]>> = {
  [errorCode.noError]: [Code.Unavailable, "the connection was closed"],
  [errorCode.refusedStream]: [Code.Unavailable, "the server refused the call before it began"],
  [errorCode.cancel]: [Code.Unavailable, "the server or a proxy cut it"],
  [errorCode.enhanceYourCalm]: [Code.ResourceExhausted, "the server finds this client too demanding"],
  [errorCode.inadequateSecurity]: [Code.PermissionDenied, "the connection's TLS is too weak for the server"],
  [errorCode.http11Required]: [
    Code.Internal,
    "the server wants HTTP/1.1 for this; an http: or https: url speaks gRPC-Web over that",
  ],
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
    case "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL":
    case "NOT_HTTP2":
      return `the server does not speak HTTP/2 here (${message}); an HTTP/1 or gRPC-Web port is reached by an http: or https: url`;
    case "NOT_PLAINTEXT":
      return `the server speaks TLS here (${message}); use grpc+tls://, or leave out insecure: true`;
    case "HTTP2_BROKEN":
      return `the server does not keep to HTTP/2: ${message}`;
    case "CLOSED_EARLY":
      return "the connection was closed before the server said anything; a TLS port reached without TLS does that too";
    case "ECONNRESET":
    case "EPIPE":
      return `the connection was closed by the other side (${code})`;
    default:
      return message;
  }
}
