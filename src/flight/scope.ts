import { FlightSqlError } from "../errors.ts";

/** What limits a call. Every method that talks to a server takes these. */
export interface CallOptions {
  /** Aborting it stops the call here and at the server: `canceled`, with the signal's reason as `cause`. */
  signal?: AbortSignal | undefined;
  /** Limit from the start of the call to its last batch, in milliseconds: `deadline_exceeded`. Default: the client's. */
  timeoutMs?: number | undefined;
  /** Headers for this call, over those of the client. */
  metadata?: Metadata | undefined;
}

/** Headers by name: text, or bytes for names that end in `-bin`. */
export type Metadata = Readonly<Record<string, string | Uint8Array>>;

// A proxy that obeys grpc-timeout itself may answer a moment before our own timer fires.
const deadlineSlackMs = 50;

/**
 * One call of the API from start to end, however many RPCs it takes: what can stop it, and why it stopped.
 *
 * Each RPC inside runs in a `fork`, so that it can be ended alone; ending the scope ends them all, clears the timer and
 * leaves no listener on the caller's signal.
 */
export class CallScope {
  readonly metadata: Metadata;
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #onEnd = new Set<() => void>();
  readonly #timeoutMs: number | undefined;
  readonly #deadline: number;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #expired = false;
  #stopped: { readonly reason: unknown } | undefined;

  /** @param stops what else can stop the call: a reader's `cancel()` */
  constructor(options: CallOptions, stops: readonly AbortSignal[]) {
    this.metadata = options.metadata ?? {};
    this.#timeoutMs = options.timeoutMs;
    this.#deadline = options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.timeoutMs;
    this.#parents = options.signal === undefined ? stops : [options.signal, ...stops];
    this.signal.addEventListener("abort", () => {
      for (const callback of this.#onEnd) callback();
      this.#onEnd.clear();
    });
    for (const parent of this.#parents) {
      if (parent.aborted) this.stop(parent.reason);
      else parent.addEventListener("abort", this.#follow);
    }
    // setTimeout's own limit; a longer deadline is as good as none.
    if (options.timeoutMs !== undefined && options.timeoutMs < 2 ** 31) {
      this.#timer = setTimeout(() => this.#expire(), Math.max(0, options.timeoutMs));
      // On Node the connection keeps the process alive, not its time limit.
      (this.#timer as { unref?: () => void }).unref?.();
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds left, at least 1; undefined without a deadline. */
  get remainingMs(): number | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    return Math.max(1, Math.ceil(this.#deadline - performance.now()));
  }

  /**
   * Calls back once, when the call is stopped or over; at once when it is already.
   *
   * A list of its own: a result with many endpoints would put more listeners on the signal than Node takes for sane.
   *
   * @returns forgets the callback
   */
  onEnd(callback: () => void): () => void {
    if (this.signal.aborted) callback();
    else this.#onEnd.add(callback);
    return () => this.#onEnd.delete(callback);
  }

  /** A signal for one RPC of this call, and how to end that RPC alone. */
  fork(): { signal: AbortSignal; end: () => void } {
    const controller = new AbortController();
    const forget = this.onEnd(() => controller.abort(this.signal.reason));
    return {
      signal: controller.signal,
      end: () => {
        forget();
        controller.abort();
      },
    };
  }

  /** Stops the call, as an abort by the caller would. */
  stop(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#stopped = { reason };
    this.#controller.abort(reason);
  }

  /** Ends every RPC of the call that still runs, and forgets the caller's signal. */
  end(): void {
    clearTimeout(this.#timer);
    for (const parent of this.#parents) parent.removeEventListener("abort", this.#follow);
    this.#controller.abort();
  }

  /** What to throw: why the scope was stopped, if it was, and otherwise the failure itself. */
  failure(thrown: unknown, where: string, redact?: (text: string) => string): FlightSqlError {
    if (this.#expired) return this.#timeout(where);
    if (this.#stopped !== undefined) {
      const { reason } = this.#stopped;
      if (reason instanceof FlightSqlError) return reason as FlightSqlError;
      // AbortSignal.timeout() is a deadline as much as timeoutMs is.
      const code = reason instanceof Error && reason.name === "TimeoutError" ? "deadline_exceeded" : "canceled";
      return new FlightSqlError(
        code,
        `${where}: ${code === "canceled" ? "aborted by the caller" : "the caller's signal timed out"}`,
        {
          cause: reason,
        },
      );
    }
    const error = FlightSqlError.from(thrown, where, redact);
    const early = this.#deadline - performance.now() < deadlineSlackMs;
    return early && ["unavailable", "canceled", "deadline_exceeded"].includes(error.code)
      ? this.#timeout(where)
      : error;
  }

  #timeout(where: string): FlightSqlError {
    return new FlightSqlError("deadline_exceeded", `${where}: not finished within timeoutMs (${this.#timeoutMs} ms)`);
  }

  #expire(): void {
    this.#expired = true;
    this.#controller.abort(new DOMException("the call's time is over", "TimeoutError"));
  }

  readonly #follow = (event: Event): void => {
    this.stop((event.target as AbortSignal).reason);
  };
}
