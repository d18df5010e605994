import type { Interceptor, Transport } from "@connectrpc/connect";
import type { LoadCodec } from "../arrow/decode.ts";
import { FlightSqlError } from "../errors.ts";
import type { TlsOptions } from "../transport/tls.ts";
import type { AuthOptions } from "./auth.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { EndpointOptions } from "./endpoints.ts";
import type { OnEvent } from "./events.ts";
import type { IdleOptions } from "./idle.ts";
import { leashed } from "./leash.ts";
import type { Dial, LocationOptions } from "./locations.ts";
import type { RetryOptions } from "./retry.ts";
import type { Metadata } from "./scope.ts";

export type { TlsOptions };

/** How to reach a server, and how to treat it. */
export interface ClientOptions extends AuthOptions, IdleOptions {
  /**
   * `grpc:`, `grpc+tcp:`, `grpc+tls:` or `grpc+unix:` for native gRPC (Node), `http:` or `https:` for gRPC-Web
   * (everywhere). Either this or `host`.
   */
  url?: string | undefined;
  /** Instead of `url`: native gRPC on Node, gRPC-Web elsewhere. */
  host?: string | undefined;
  /** With `host`. Default 443. */
  port?: number | undefined;
  /** With `host`: no TLS. Default `false`. */
  insecure?: boolean | undefined;
  /** Headers sent with every call: `{ database: "BUCKET" }` for InfluxDB 3. Names ending in `-bin` take bytes. */
  metadata?: Metadata | undefined;
  /** Switches for adapters, by name: `{ "metadata-reflection": "true" }`. The client itself reads none. */
  features?: Readonly<Record<string, string>> | undefined;
  /** Node, native gRPC. */
  tls?: TlsOptions | undefined;
  /** gRPC-Web: called in place of the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** gRPC-Web in browsers: which cookies go along, as in `RequestInit`. */
  credentials?: RequestCredentials | undefined;
  /** A Connect transport to use instead of this package's own, or a function that makes one for a URI. */
  transport?: Transport | ((uri: string) => Transport) | undefined;
  /** Connect interceptors: they see headers, trailers and failures of every RPC. Not with `transport`, which has its own. */
  interceptors?: readonly Interceptor[] | undefined;
  /** Limit of each call from its start to its last batch, in milliseconds. Default: none. */
  timeoutMs?: number | undefined;
  /** Limit for opening a connection, in milliseconds. Default 10,000. Node, native gRPC. */
  connectTimeoutMs?: number | undefined;
  /**
   * Largest message accepted, in bytes: `resource_exhausted` beyond. It holds for the message as sent and again for
   * what compression, list views and runs in it unpack to. Default: none as sent, 2 GiB unpacked.
   */
  maxMessageBytes?: number | undefined;
  /**
   * Most bytes accepted for one result, all endpoints together: `resource_exhausted` beyond. Counted as sent, when
   * they arrive; and unpacked, when batches are made of them. Default: none.
   */
  maxResultBytes?: number | undefined;
  /** What is sent again when the server was unavailable, and how often. */
  retry?: RetryOptions | undefined;
  /** Told about each RPC: when it starts, is answered, is sent again, and ends. What it throws is ignored. */
  onEvent?: OnEvent | undefined;
  /**
   * HTTP/2 window of a stream while few are open, in bytes. A client never holds more than four of them unread,
   * however many results are paused. Default 16 MiB. Node, native gRPC.
   */
  windowBytes?: number | undefined;
  /** Keep cookies and send them back; servers hang sessions on them. Default `true`. Browsers do so themselves. */
  cookies?: boolean | undefined;
  /** How results with several endpoints are read. */
  endpoints?: (EndpointOptions & LocationOptions) | undefined;
}

/** What an entry point knows about its platform. */
export interface Platform {
  /** Schemes that `host` stands for. */
  readonly schemes: { readonly secure: string; readonly insecure: string };
  /** Default of `endpoints.parallelism`. */
  readonly parallelism: number;
  /** Makes the platform's own transports; null for schemes that it cannot dial. */
  readonly dialer: (options: ClientOptions) => Dial;
  readonly loadCodec: LoadCodec;
}

/** Checks options and fills in the defaults. */
export function resolveOptions(given: string | ClientOptions, platform: Platform): ConnectionOptions {
  const options: ClientOptions = typeof given === "string" ? { url: given } : given;
  const uri = resolveUri(options, platform);
  const dial = resolveDial(options, platform);
  const transport = dial(uri);
  if (transport === null) {
    throw invalid(
      `${uri} cannot be reached from here: native gRPC needs Node; give the http: or https: address of a gRPC-Web proxy or server`,
    );
  }
  const { endpoints, retry } = options;
  return {
    uri,
    transport,
    dial,
    loadCodec: platform.loadCodec,
    token: options.token,
    username: options.username,
    password: options.password,
    metadata: options.metadata ?? {},
    cookies: options.cookies ?? true,
    // Of a transport of the user's own nothing is known; it fails by itself where it cannot.
    halfDuplex: options.transport === undefined && /^https?:/i.test(uri),
    timeoutMs: options.timeoutMs,
    maxMessageBytes: options.maxMessageBytes,
    maxResultBytes: options.maxResultBytes,
    repeatsQueries: retry?.queries ?? false,
    limits: {
      maxAttempts: retry?.maxAttempts ?? 4,
      onEvent: options.onEvent,
      firstByteTimeoutMs: options.firstByteTimeoutMs,
      idleTimeoutMs: options.idleTimeoutMs,
    },
    fetch: options.fetch,
    endpoints: {
      ...endpoints,
      parallelism: endpoints?.parallelism ?? platform.parallelism,
      queue: endpoints?.queue ?? 5,
      order: endpoints?.order ?? "endpoint",
    },
  };
}

function resolveUri(options: ClientOptions, platform: Platform): string {
  const { url, host, port = 443, insecure = false } = options;
  if (url !== undefined && host !== undefined) throw invalid("give either url or host, not both");
  if (url !== undefined) {
    if (!/^(grpc(\+tcp|\+tls)?:\/\/[^/?#@]+\/?|grpc\+unix:.+|https?:\/\/[^?#@]+)$/i.test(url)) {
      // Not quoted: people put passwords there.
      throw invalid(
        'url is not of the form "grpc+tls://host:port", "grpc://host:port", "grpc+unix:///path", "https://host" or "http://host"; credentials have options of their own',
      );
    }
    return url;
  }
  if (host === undefined) throw invalid("url or host is missing");
  return `${insecure ? platform.schemes.insecure : platform.schemes.secure}://${host}:${port}`;
}

function resolveDial(options: ClientOptions, platform: Platform): Dial {
  const { transport, interceptors = [] } = options;
  if (transport !== undefined) {
    if (options.interceptors !== undefined)
      throw invalid("interceptors belong to your own transport, where that is given");
    return (uri) => leashed(typeof transport === "function" ? transport(uri) : transport);
  }
  const dial = platform.dialer(options);
  return (uri) => {
    const own = dial(uri);
    // Native gRPC ends with its signal by itself, and counts every promise that a message costs.
    return own === null || (interceptors.length === 0 && !/^https?:/i.test(uri)) ? own : leashed(own);
  };
}

function invalid(message: string): FlightSqlError {
  return new FlightSqlError("invalid_argument", `FlightSqlClient: ${message}`);
}
