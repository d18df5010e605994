import type { LoadCodec } from "../arrow/decode.ts";
import { FlightSqlError } from "../errors.ts";
import { type AuthOptions, Credentials, type Handshake } from "./auth.ts";
import { Channel, type ChannelOptions } from "./channel.ts";
import { CookieJar } from "./cookies.ts";
import type { JoinOptions } from "./endpoints.ts";
import { type Dial, type LocationOptions, Locations } from "./locations.ts";
import type { RpcLimits } from "./rpc.ts";
import { type CallOptions, CallScope, type Metadata } from "./scope.ts";

/** What a connection is made of; the entry points fill it in for their platform. */
export interface ConnectionOptions extends AuthOptions {
  readonly uri: string;
  readonly transport: ChannelOptions["transport"];
  readonly dial: Dial;
  readonly loadCodec: LoadCodec;
  readonly metadata: Metadata;
  readonly cookies: boolean;
  /** Whether uploads are sent as a whole before anything is read: gRPC-Web over fetch. */
  readonly halfDuplex: boolean;
  readonly timeoutMs: number | undefined;
  readonly maxMessageBytes: number | undefined;
  readonly maxResultBytes: number | undefined;
  readonly limits: RpcLimits;
  readonly repeatsQueries: boolean;
  readonly endpoints: JoinOptions & LocationOptions;
  readonly fetch: typeof globalThis.fetch | undefined;
}

/** What the calls of a client have in common: servers, credentials, limits, and its end. */
export class Connection {
  readonly locations: Locations;
  readonly loadCodec: LoadCodec;
  readonly maxMessageBytes: number | undefined;
  readonly maxResultBytes: number | undefined;
  /** Whether GetFlightInfo of a query may be repeated. */
  readonly repeatsQueries: boolean;
  readonly halfDuplex: boolean;
  readonly endpoints: ConnectionOptions["endpoints"];
  readonly #timeoutMs: number | undefined;
  readonly #open = new Set<CallScope>();
  #isClosed = false;

  /** @param handshake sends the Handshake of basic authentication over a channel without credentials */
  constructor(
    options: ConnectionOptions,
    handshake: (channel: Channel, scope: CallScope, ...args: Parameters<Handshake>) => ReturnType<Handshake>,
  ) {
    const { uri, transport, metadata, limits } = options;
    const origin = { uri, transport, metadata, limits, isTrusted: true };
    const cookies = options.cookies ? new CookieJar() : undefined;
    const redact = (text: string): string => credentials.redact(text);
    const anonymous = new Channel({ ...origin, cookies, redact });
    const credentials: Credentials = new Credentials(options, async (header, payload) => {
      // Not the scope of the call that happened to come first: others wait for the same token.
      const scope = this.scope({});
      try {
        return await handshake(anonymous, scope, header, payload);
      } finally {
        scope.end();
      }
    });
    this.locations = new Locations(
      { ...origin, credentials, cookies, adoptsTokens: true },
      options.dial,
      options.endpoints,
      options.fetch,
    );
    this.loadCodec = options.loadCodec;
    this.maxMessageBytes = options.maxMessageBytes;
    this.maxResultBytes = options.maxResultBytes;
    this.repeatsQueries = options.repeatsQueries;
    this.halfDuplex = options.halfDuplex;
    this.endpoints = options.endpoints;
    this.#timeoutMs = options.timeoutMs;
  }

  get origin(): Channel {
    return this.locations.origin;
  }

  /** Begins a call. */
  scope(options: CallOptions): CallScope {
    const scope = new CallScope(options, this.#timeoutMs, this.#open);
    if (this.#isClosed) scope.stop(closed());
    return scope;
  }

  /** Goes on with a call that was suspended. */
  resume(scope: CallScope): void {
    scope.resume();
    if (this.#isClosed) scope.stop(closed());
  }

  /** Runs a call that is over when its promise settles. */
  async run<T>(options: CallOptions, call: (scope: CallScope) => Promise<T>): Promise<T> {
    const scope = this.scope(options);
    try {
      return await call(scope);
    } finally {
      scope.end();
    }
  }

  /** Ends the calls under way and closes the transports. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const scope of this.#open) scope.stop(closed());
    this.locations.close();
  }
}

function closed(): FlightSqlError {
  return new FlightSqlError("canceled", "the client was closed");
}
