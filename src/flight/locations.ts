import { FlightSqlError } from "../errors.ts";
import type { FlightData } from "../gen/Flight_pb.ts";
import { Channel, type ChannelOptions } from "./channel.ts";
import { CookieJar } from "./cookies.ts";
import type { FlightEndpoint } from "./model.ts";
import type { CallScope } from "./scope.ts";

/** What to do with the locations that endpoints name. */
export interface LocationOptions {
  /** Maps a location to the one to use instead; null leaves it out. */
  rewriteLocation?: ((uri: string) => string | null) | undefined;
  /** Reads through the client's own server when no location answers. Default `false`: the spec promises nothing there. */
  fallbackToOrigin?: boolean | undefined;
  /**
   * Who sees credentials, cookies and metadata: gRPC locations as well-protected as the origin (`"locations"`), or the
   * client's own server alone (`"origin"`). Default `"locations"`.
   */
  credentials?: "locations" | "origin" | undefined;
}

/** Makes a transport to a gRPC location; null when this platform cannot dial its scheme. */
export type Dial = (uri: string) => ChannelOptions["transport"] | null;

/** Flight.proto: read from the server that gave the FlightInfo. An empty string says the same. */
const reuseConnection = "arrow-flight-reuse-connection://?";

// Clients of servers behind many addresses would otherwise collect connections.
const maxChannels = 20;

/** How long a location that did not answer is tried last. */
const dudMs = 60_000;

/** The servers that a client reads from: its own, and those that endpoints name. */
export class Locations {
  readonly origin: Channel;
  readonly #originOptions: ChannelOptions;
  readonly #dial: Dial;
  readonly #options: LocationOptions;
  readonly #fetch: typeof globalThis.fetch | undefined;
  readonly #channels = new Map<string, Channel>();
  readonly #duds = new Map<string, number>();

  constructor(
    origin: ChannelOptions,
    dial: Dial,
    options: LocationOptions,
    fetch: typeof globalThis.fetch | undefined,
  ) {
    this.origin = new Channel(origin);
    this.#originOptions = origin;
    this.#dial = dial;
    this.#options = options;
    this.#fetch = fetch;
  }

  /**
   * Reads an endpoint from the first of its locations that answers.
   *
   * Once a message has come, a failure is final: what was read cannot be taken back, and the next server need not
   * send it in the same batches.
   */
  async *read(
    endpoint: FlightEndpoint,
    scope: CallScope,
    doGet: (channel: Channel, isLast: boolean) => AsyncIterable<FlightData>,
  ): AsyncGenerator<FlightData, void, undefined> {
    const sources = this.#sources(endpoint);
    for (const [i, source] of sources.entries()) {
      const isLast = i === sources.length - 1;
      let begun = false;
      try {
        const messages =
          source instanceof Channel
            ? doGet(source, isLast)
            : (await import("./extended.ts")).readExtendedLocation(
                source,
                scope,
                this.#originOptions.limits,
                this.#fetch,
              );
        for await (const message of messages) {
          begun = true;
          yield message;
        }
        return;
      } catch (thrown) {
        const goesOn = thrown instanceof FlightSqlError && thrown.code === "unavailable" && !scope.isOver;
        if (begun || isLast || !goesOn) throw thrown;
        this.#duds.set(source instanceof Channel ? source.uri : source, Date.now() + dudMs);
      }
    }
  }

  close(): void {
    for (const channel of [this.origin, ...this.#channels.values()]) channel.close();
    this.#channels.clear();
  }

  /** Where to read an endpoint, best first: a channel, or the URL of an extended location. */
  #sources(endpoint: FlightEndpoint): (Channel | string)[] {
    const { rewriteLocation, fallbackToOrigin } = this.#options;
    const uris = endpoint.locations.flatMap((uri) => {
      const used = rewriteLocation === undefined ? uri : rewriteLocation(uri);
      return used === null ? [] : [used];
    });
    if (endpoint.locations.length === 0) return [this.origin];
    const sources = new Set(uris.map((uri) => this.#source(uri)));
    if (fallbackToOrigin) sources.add(this.origin);
    if (sources.size === 0) {
      throw new FlightSqlError(
        "unavailable",
        `rewriteLocation left none of the endpoint's locations: ${endpoint.locations.join(", ")}`,
      );
    }
    const now = Date.now();
    const isDud = (source: Channel | string): number =>
      (this.#duds.get(source instanceof Channel ? source.uri : source) ?? 0) > now ? 1 : 0;
    return [...sources].sort((a, b) => isDud(a) - isDud(b));
  }

  #source(uri: string): Channel | string {
    if (uri === "" || uri === reuseConnection) return this.origin;
    if (/^https?:/i.test(uri)) return uri;
    const key = canonical(uri);
    if (key === canonical(this.origin.uri)) return this.origin;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      const transport = this.#dial(uri);
      // Without HTTP/2 trailers there is no way to a gRPC port: the client's own server may proxy the data.
      if (transport === null) return this.origin;
      channel = new Channel(this.#channelOptions(uri, transport));
    }
    // Map keeps insertion order: re-inserted at its end, the first key is the one used least recently.
    this.#channels.delete(key);
    this.#channels.set(key, channel);
    if (this.#channels.size > maxChannels) {
      const [oldest, old] = this.#channels.entries().next().value!;
      this.#channels.delete(oldest);
      old.close();
    }
    return channel;
  }

  #channelOptions(location: string, transport: ChannelOptions["transport"]): ChannelOptions {
    // As it stands in errors and events: a server may put into it what is not for them.
    const uri = location.replace(/[?#].*/s, "").replace(/^([^/]*\/\/)[^/]*@/, "$1");
    const { metadata, credentials, cookies, limits, uri: origin } = this.#originOptions;
    // Secrets that came to us over TLS never leave over plaintext.
    const isTrusted = this.#options.credentials !== "origin" && (isSecure(uri) || !isSecure(origin));
    if (!isTrusted) return { uri, transport, metadata: {}, limits, isTrusted };
    return { uri, transport, metadata, limits, isTrusted, credentials, cookies: cookies && new CookieJar(cookies) };
  }
}

function isSecure(uri: string): boolean {
  return /^(grpc\+tls|https|grpc\+unix):/i.test(uri);
}

function canonical(uri: string): string {
  return uri
    .replace(/^grpc:/i, "grpc+tcp:")
    .replace(/\/$/, "")
    .toLowerCase();
}
