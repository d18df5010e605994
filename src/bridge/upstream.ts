import type { SecureClientSessionOptions } from "node:http2";
import { type ClientHttp2Session, connect } from "node:http2";

/** What the connection to a TLS server takes. */
export type UpstreamTls = Pick<SecureClientSessionOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;

// At the default windows a connection of 20 ms carries 2 MB/s. The connection's own is that of many streams, so that
// results which nobody reads at the moment leave room for one that somebody does.
const streamWindow = 16 << 20;
const connectionWindow = 1 << 30;
const maxFrameSize = 1 << 20;
const connectMs = 10_000;

export interface Upstream {
  readonly authority: string;
  /** The connection, made when there is none that takes calls. */
  session(): ClientHttp2Session;
  close(): void;
}

/**
 * The one server a bridge leads to.
 *
 * @param url `grpc://host:port`, `grpc+tcp://host:port` or `grpc+tls://host:port`
 */
export function openUpstream(url: string, tls: UpstreamTls): Upstream {
  const [, scheme, authority] = /^grpc(\+tcp|\+tls)?:\/\/([^/?#@]+:\d+)\/?$/.exec(url) ?? [];
  if (authority === undefined) {
    throw new TypeError(`${url} is no upstream: write grpc://host:port, or grpc+tls://host:port for TLS.`);
  }
  let current: ClientHttp2Session | undefined;
  return {
    authority,
    session() {
      if (current && !current.closed && !current.destroyed) return current;
      current = dial(`${scheme === "+tls" ? "https" : "http"}://${authority}`, tls);
      return current;
    },
    close: () => current?.destroy(),
  };
}

function dial(origin: string, tls: UpstreamTls): ClientHttp2Session {
  const session = connect(origin, {
    ...tls,
    settings: { initialWindowSize: streamWindow, maxFrameSize, enablePush: false },
    // Megabytes; what a stream's window lets in is counted, and bounded by that.
    maxSessionMemory: 4096,
  });
  const timer = setTimeout(() => session.destroy(new Error(`no connection within ${connectMs / 1000} s`)), connectMs);
  session.once("connect", () => {
    clearTimeout(timer);
    session.setLocalWindowSize(connectionWindow);
  });
  session.once("close", () => clearTimeout(timer));
  // Reported by the calls that were in flight.
  session.on("error", () => {});
  return session;
}
