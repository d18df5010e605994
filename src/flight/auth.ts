import { create, toBinary } from "@bufbuild/protobuf";
import { FlightSqlError } from "../errors.ts";
import { BasicAuthSchema } from "../gen/Flight_pb.ts";

/** How a client proves who it is. */
export interface AuthOptions {
  /** A bearer token, or a function that gives one: asked at the first call and again when the server answers `unauthenticated`. */
  token?: string | (() => string | Promise<string>) | undefined;
  /** With `password`: traded for a token by Handshake before the first call. */
  username?: string | undefined;
  password?: string | undefined;
}

type Authorization = readonly [name: string, value: string];

/** Sends a Handshake with these headers and payload; resolves with headers ∪ trailers and the last payload. */
export type Handshake = (header: Headers, payload: Uint8Array) => Promise<{ header: Headers; payload: Uint8Array }>;

/**
 * The credentials of a client, whichever way it came by them.
 *
 * They are fetched once however many calls wait for them, and replaced by any `authorization` that a response carries:
 * servers rotate tokens that way.
 */
export class Credentials {
  readonly #options: AuthOptions;
  readonly #handshake: Handshake;
  #pending: Promise<void> | undefined;
  #header: Authorization | undefined;
  readonly #secrets = new Set<string>();

  constructor(options: AuthOptions, handshake: Handshake) {
    const { token, username, password } = options;
    if (token !== undefined && username !== undefined) {
      throw new FlightSqlError("invalid_argument", "give either a token or a username with its password, not both");
    }
    this.#options = options;
    this.#handshake = handshake;
    for (const secret of [typeof token === "string" ? token : undefined, password])
      if (secret) this.#secrets.add(secret);
  }

  /** The header to send, undefined when the client has no credentials; a promise while they are fetched. */
  header(): Authorization | undefined | Promise<Authorization | undefined> {
    if (this.#header !== undefined || !this.#isConfigured()) return this.#header;
    this.#pending ??= this.#obtain().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending.then(() => this.#header);
  }

  /** Adopts a token that came with a response. */
  observe(response: Headers): void {
    const value = response.get("authorization");
    if (value !== null && /^(bearer|basic) /i.test(value)) this.#adopt(["authorization", value]);
  }

  /** After `unauthenticated`: whether asking again can give other credentials than those in the headers refused. */
  renew(refused: ReadonlyMap<string, string>): boolean {
    const { token, username } = this.#options;
    if (typeof token !== "function" && username === undefined) return false;
    const [name, value] = this.#header ?? [];
    // A call that failed with an older token than the current one need not cost a new one.
    if (name !== undefined && refused.get(name) === value) this.#header = undefined;
    return true;
  }

  /** Text that came from outside, without our secrets in it. */
  readonly redact = (text: string): string => {
    let out = text;
    for (const secret of this.#secrets) out = out.replaceAll(secret, "[redacted]");
    return out;
  };

  #isConfigured(): boolean {
    return this.#options.token !== undefined || this.#options.username !== undefined;
  }

  async #obtain(): Promise<void> {
    const { token } = this.#options;
    if (token !== undefined) {
      const value = typeof token === "string" ? token : await token();
      this.#adopt(["authorization", `Bearer ${value}`]);
    } else this.#adopt(await this.#login());
  }

  /**
   * Basic authentication, both ways that servers know: the `authorization` header, answered by one in headers or
   * trailers, and the `BasicAuth` payload, answered by a payload that goes back as `auth-token-bin`.
   */
  async #login(): Promise<readonly [string, string]> {
    const { username = "", password = "" } = this.#options;
    const basic = `Basic ${base64(new TextEncoder().encode(`${username}:${password}`))}`;
    this.#secrets.add(basic.slice(6));
    const { header, payload } = await this.#handshake(
      new Headers({ authorization: basic }),
      toBinary(BasicAuthSchema, create(BasicAuthSchema, { username, password })),
    );
    const bearer = header.get("authorization");
    if (bearer !== null) return ["authorization", bearer];
    if (payload.byteLength > 0) return ["auth-token-bin", base64(payload)];
    // Servers that check every call by itself answer the handshake with nothing.
    return ["authorization", basic];
  }

  #adopt(header: readonly [string, string]): void {
    this.#header = header;
    const secret = header[1].replace(/^(bearer|basic) /i, "");
    if (secret !== "") this.#secrets.add(secret);
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
