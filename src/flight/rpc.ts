import { Code, ConnectError } from "@connectrpc/connect";
import type { FlightSqlError, FlightSqlErrorCode } from "../errors.ts";
import type { Credentials } from "./auth.ts";
import type { CookieJar } from "./cookies.ts";
import { CallReport, type OnEvent } from "./events.ts";
import { checkHeader, headerHint, toHeaderLines } from "./headers.ts";
import { type IdleOptions, IdleWatch } from "./idle.ts";
import { retryable, retryDelay } from "./retry.ts";
import type { CallScope, Metadata } from "./scope.ts";

/** What sets one RPC apart. */
export interface Rpc {
  /** As it stands in errors and events: `GetFlightInfo`, `DoAction BeginTransaction`. */
  readonly name: string;
  /** Whether it only reads: a server that refused it as unauthenticated is then asked again with a renewed token. */
  readonly isRead: boolean;
  /** Until when sending it again, whatever became of it, does nothing twice: milliseconds since 1970; 0 is never. */
  readonly safeUntil: number;
  /** After which codes it is then sent again. Default: `unavailable`. */
  readonly retryOn?: readonly Code[];
  /** Whether its request goes on while it is answered: the server's silence then says nothing. */
  readonly isUpload?: boolean;
  /** Sent with this RPC alone. */
  readonly header?: Headers;
  /** Sees the headers and the trailers of the answer. */
  readonly onHeader?: (header: Headers) => void;
}

/** What all RPCs of a client have in common. */
export interface RpcLimits extends IdleOptions {
  /** How often an RPC is sent at most. */
  readonly maxAttempts: number;
  readonly onEvent?: OnEvent | undefined;
}

/** One server, and what is sent with every RPC to it. */
export interface Peer {
  /** As it stands in errors and events. */
  readonly uri: string;
  readonly metadata: Metadata;
  readonly limits: RpcLimits;
  /** Whether it may see the metadata of single calls. */
  readonly isTrusted: boolean;
  /** Absent for servers that must not see the client's credentials. */
  readonly credentials?: Credentials | undefined;
  /** Whether a token that a response carries replaces the client's: the word of its own server alone counts. */
  readonly adoptsTokens?: boolean | undefined;
  readonly cookies?: CookieJar | undefined;
  /** Takes secrets out of a server's text. Default: those of `credentials`. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** After these the request's headers may have been what the server could not take. */
const maybeHeaders = new Set(["unavailable", "internal", "resource_exhausted", "unknown"]);

/** One RPC from start to end, however often it is sent: its headers, its retries, and what it fails with. */
export class RpcCall {
  readonly report: CallReport | undefined;
  readonly #peer: Peer;
  readonly #rpc: Rpc;
  readonly #scope: CallScope;
  readonly #where: string;
  #fork: AbortController | undefined;
  #lines: ReadonlyMap<string, string> = new Map();
  #watch: IdleWatch | undefined;
  /** What the watch found. */
  #silence: ConnectError | undefined;
  #attempts = 0;
  #failures = 0;
  #isRenewed = false;
  #hasBegun = false;
  #code: FlightSqlErrorCode | "ok" = "canceled";

  /** @param where names it in errors */
  constructor(peer: Peer, rpc: Rpc, scope: CallScope, where: string = `${rpc.name} to ${peer.uri}`) {
    this.#peer = peer;
    this.#rpc = rpc;
    this.#scope = scope;
    this.#where = where;
    const { onEvent } = peer.limits;
    if (onEvent !== undefined) this.report = new CallReport(onEvent, scope.id, rpc.name, peer.uri);
  }

  /** What the next attempt is to be sent with. */
  async attempt(): Promise<{ signal: AbortSignal; headers: [name: string, value: string][] }> {
    this.#attempts++;
    if (this.#fork !== undefined) this.#scope.release(this.#fork, false);
    this.#fork = this.#scope.fork();
    const { signal } = this.#fork;
    signal.throwIfAborted();
    const { credentials, cookies, metadata, isTrusted } = this.#peer;
    const known = credentials?.header();
    const authorization = known instanceof Promise ? await this.#scope.until(known) : known;
    const lines = new Map<string, string>();
    if (authorization !== undefined) lines.set(...checkHeader(...authorization));
    const cookie = cookies?.header();
    if (cookie !== undefined) lines.set("cookie", cookie);
    for (const line of toHeaderLines(metadata)) lines.set(...line);
    if (isTrusted && this.#scope.metadata !== undefined)
      for (const line of toHeaderLines(this.#scope.metadata)) lines.set(...line);
    this.#rpc.header?.forEach((value, name) => {
      lines.set(name, value);
    });
    this.#lines = lines;
    this.waits();
    return { signal, headers: [...lines] };
  }

  /** Cookies and rotated tokens come in headers and in trailers, of successes and of failures. */
  observe(header: Headers): void {
    this.#peer.cookies?.absorb(header);
    if (this.#peer.adoptsTokens) this.#peer.credentials?.observe(header);
    this.#rpc.onHeader?.(header);
  }

  /** From now on it is the server's turn. */
  waits(): void {
    const option = this.#hasBegun ? "idleTimeoutMs" : "firstByteTimeoutMs";
    const limitMs = this.#peer.limits[option];
    if (limitMs !== undefined && !this.#rpc.isUpload) this.#watch ??= new IdleWatch(this.#fallSilent);
    this.#watch?.wait(option, limitMs);
  }

  /** A message has come; the next is not waited for before somebody asks. */
  received(): void {
    this.#watch?.rest();
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.report?.firstByte();
  }

  succeeded(): void {
    this.#code = "ok";
  }

  /** Returns when the RPC may be sent again after a failure; throws the failure when it may not. */
  async retry(thrown: unknown): Promise<void> {
    this.#watch?.end();
    const failure = this.#silence ?? thrown;
    this.#silence = undefined;
    if (failure instanceof ConnectError) this.observe(failure.metadata);
    const delayMs = failure instanceof ConnectError ? this.#delay(failure) : undefined;
    if (delayMs === undefined) throw this.#fail(failure);
    this.report?.retried(this.#fail(failure).code, this.#attempts, delayMs);
    if (delayMs > 0) await this.#scope.pause(delayMs);
    if (this.#scope.isOver) throw this.#fail(failure);
    this.#code = "canceled";
  }

  /** Ends it, at the server too if that has not ended it. */
  end(): void {
    this.#watch?.end();
    if (this.#fork !== undefined) this.#scope.release(this.#fork, this.#code === "ok");
    this.report?.ended(this.#code, this.#attempts);
  }

  /** How long to wait before the next attempt; undefined when there is to be none. */
  #delay({ code, metadata }: ConnectError): number | undefined {
    const { credentials, limits } = this.#peer;
    const { isRead, safeUntil, retryOn = retryable } = this.#rpc;
    if (this.#hasBegun || this.#scope.isOver) return undefined;
    if (code === Code.Unauthenticated) {
      // Asked also where this RPC may not be repeated: the next one then has a new token.
      const isRenewed = credentials?.renew(this.#lines) ?? false;
      if (!isRenewed || !isRead || this.#isRenewed) return undefined;
      this.#isRenewed = true;
      return 0;
    }
    if (!retryOn.includes(code) || ++this.#failures >= limits.maxAttempts) return undefined;
    const delayMs = retryDelay(this.#failures, metadata);
    const isInTime =
      delayMs !== undefined &&
      Date.now() + delayMs < safeUntil &&
      delayMs < (this.#scope.remainingMs ?? Number.POSITIVE_INFINITY);
    return isInTime ? delayMs : undefined;
  }

  #fail(failure: unknown): FlightSqlError {
    const { redact, credentials } = this.#peer;
    const ours = redact ?? credentials?.redact ?? ((text: string) => text);
    // A token may also have come by way of metadata.
    const token = this.#lines.get("authorization")?.replace(/^(bearer|basic) /i, "");
    const error = this.#scope.failure(failure, this.#where, (text) =>
      token && ours(token) === token ? ours(text).replaceAll(token, "[redacted]") : ours(text),
    );
    this.#code = error.code;
    const hint = failure instanceof ConnectError && maybeHeaders.has(error.code) ? headerHint(this.#lines) : "";
    return hint === "" ? error : error.annotated(hint);
  }

  readonly #fallSilent = (option: keyof IdleOptions, ms: number): void => {
    this.#silence = new ConnectError(
      `the server has sent nothing for ${ms} ms (${option}): the connection may be dead, or the query needs longer`,
      Code.Unavailable,
    );
    this.#fork?.abort(this.#silence);
  };
}
