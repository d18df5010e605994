import {
  type Client,
  Code,
  type CallOptions as ConnectCallOptions,
  ConnectError,
  createClient,
  encodeBinaryHeader,
  type Transport,
} from "@connectrpc/connect";
import { FlightSqlError } from "../errors.ts";
import { FlightService } from "../gen/Flight_pb.ts";
import type { Credentials } from "./auth.ts";
import type { CookieJar } from "./cookies.ts";
import type { CallScope, Metadata } from "./scope.ts";

/** A transport to one server, and what is sent with every call to it. */
export interface ChannelOptions {
  readonly uri: string;
  readonly transport: Transport & { close?: () => void };
  readonly metadata: Metadata;
  /** Absent for servers that must not see the client's credentials. */
  readonly credentials?: Credentials | undefined;
  /** Whether a token that a response carries replaces the client's: the word of its own server alone counts. */
  readonly adoptsTokens?: boolean | undefined;
  readonly cookies?: CookieJar | undefined;
  /** Takes secrets out of a server's text. Default: those of `credentials`. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** What sets one RPC apart for the channel. */
export interface Rpc {
  /** As it stands in errors: `GetFlightInfo`, `DoAction BeginTransaction`. */
  readonly name: string;
  /** Whether sending it again cannot do anything twice. */
  readonly repeatable: boolean;
}

export type FlightRpcClient = Client<typeof FlightService>;

/** The RPCs of one server, with credentials, cookies, metadata and one kind of error. */
export class Channel {
  readonly uri: string;
  readonly #options: ChannelOptions;
  readonly #client: FlightRpcClient;

  constructor(options: ChannelOptions) {
    this.uri = options.uri;
    this.#options = options;
    this.#client = createClient(FlightService, options.transport);
  }

  close(): void {
    this.#options.transport.close?.();
  }

  /** Runs a unary RPC. */
  async unary<T>(
    rpc: Rpc,
    scope: CallScope,
    send: (client: FlightRpcClient, options: ConnectCallOptions) => Promise<T>,
  ): Promise<T> {
    const fork = scope.fork();
    try {
      for (let attempt = 0; ; attempt++) {
        const options = await this.#callOptions(scope, fork.signal);
        try {
          return await send(this.#client, options);
        } catch (thrown) {
          if (!this.#mayRepeat(thrown, rpc, attempt, options)) throw thrown;
        }
      }
    } catch (thrown) {
      throw this.#failure(thrown, rpc, scope);
    } finally {
      fork.end();
    }
  }

  /**
   * Runs a streaming RPC. Leaving the loop over its messages ends it at the server too.
   *
   * Connect's own iterables have no `return`, so the abort below is what tells the server.
   */
  async *stream<T>(
    rpc: Rpc,
    scope: CallScope,
    send: (client: FlightRpcClient, options: ConnectCallOptions) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const fork = scope.fork();
    let begun = false;
    try {
      for (let attempt = 0; ; attempt++) {
        const options = await this.#callOptions(scope, fork.signal);
        try {
          for await (const message of send(this.#client, options)) {
            begun = true;
            yield message;
          }
          return;
        } catch (thrown) {
          if (begun || !this.#mayRepeat(thrown, rpc, attempt, options)) throw thrown;
        }
      }
    } catch (thrown) {
      throw this.#failure(thrown, rpc, scope);
    } finally {
      fork.end();
    }
  }

  async #callOptions(scope: CallScope, signal: AbortSignal): Promise<ConnectCallOptions & { headers: Headers }> {
    signal.throwIfAborted();
    const { credentials, cookies, metadata } = this.#options;
    const headers = new Headers();
    const authorization = await credentials?.header();
    if (authorization !== undefined) headers.set(...checkHeader(...authorization));
    const cookie = cookies?.header();
    if (cookie !== undefined) headers.set("cookie", cookie);
    for (const [name, value] of Object.entries({ ...metadata, ...scope.metadata })) {
      headers.set(...checkHeader(name, typeof value === "string" ? value : encodeBinaryHeader(value)));
    }
    const { remainingMs } = scope;
    return {
      headers,
      signal,
      ...(remainingMs !== undefined && { timeoutMs: remainingMs }),
      onHeader: (header) => this.#observe(header),
      onTrailer: (trailer) => this.#observe(trailer),
    };
  }

  /** Cookies and rotated tokens come in headers and in trailers, of successes and of failures. */
  #observe(header: Headers): void {
    this.#options.cookies?.absorb(header);
    if (this.#options.adoptsTokens) this.#options.credentials?.observe(header);
  }

  #mayRepeat(thrown: unknown, rpc: Rpc, attempt: number, sent: { headers: Headers }): boolean {
    if (!(thrown instanceof ConnectError)) return false;
    this.#observe(thrown.metadata);
    if (thrown.code !== Code.Unauthenticated) return false;
    const renewed = this.#options.credentials?.renew(sent.headers) ?? false;
    return renewed && rpc.repeatable && attempt === 0;
  }

  #failure(thrown: unknown, rpc: Rpc, scope: CallScope): FlightSqlError {
    const { redact, credentials } = this.#options;
    return scope.failure(thrown, `${rpc.name} to ${this.uri}`, redact ?? credentials?.redact);
  }
}

/**
 * `Headers` refuses bad names and values with an error that quotes them, token and all; so they are checked here.
 *
 * RFC 9110, 5.5: no control characters; gRPC allows printable ASCII only, and bytes in names that end in `-bin`.
 */
function checkHeader(name: string, value: string): [string, string] {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new FlightSqlError("invalid_argument", `metadata name ${JSON.stringify(name)} is not a header name`);
  }
  if (/[^\t\x20-\x7e]/.test(value)) {
    throw new FlightSqlError(
      "invalid_argument",
      `the value of metadata "${name}" has characters that a header cannot carry; a name ending in -bin takes bytes`,
    );
  }
  return [name.toLowerCase(), value];
}
