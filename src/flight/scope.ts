import { FlightSqlError } from "../errors.ts";
import { follow, unfollow } from "./follow.ts";

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

// What ends an RPC that nobody wants any more: no caller sees it. One for all, as making an error costs more than the
// rest of a call's scope.
const over = new FlightSqlError("canceled", "the call is over");

let calls = 0;

/**
 * One call of the API from start to end, however many RPCs it takes: what can stop it, and why it stopped.
 *
 * Each RPC inside runs in a `fork`, so that it can be ended alone; ending the scope ends them all, clears the timer and
 * leaves no listener on the caller's signal.
 */
export class CallScope {
  /** Tells the calls of a process apart. */
  readonly id: number = ++calls;
  readonly metadata: Metadata | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #deadline: number;
  readonly #open: Set<CallScope>;
  readonly #forks = new Set<AbortController>();
  readonly #onEnd = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #expired = false;
  #stopped: { readonly reason: unknown } | undefined;

  /**
   * @param timeoutMs where the options have none
   * @param open holds the scope while something outside can stop it
   */
  constructor(options: CallOptions, timeoutMs: number | undefined, open: Set<CallScope>) {
    this.metadata = options.metadata;
    this.#signal = options.signal;
    this.#timeoutMs = options.timeoutMs ?? timeoutMs;
    this.#deadline = performance.now() + (this.#timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#open = open;
    this.resume();
  }

  /** Whether it was stopped or has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it ended before its time: by its signal, its deadline, or the client's end. */
  get wasStopped(): boolean {
    return this.#expired || this.#stopped !== undefined;
  }

  /** Milliseconds left, at least 1; undefined without a deadline. */
  get remainingMs(): number | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    return Math.max(1, Math.ceil(this.#deadline - performance.now()));
  }

  /** Calls back once, when the call is stopped or over; at once when it is already. Returns what forgets the callback. */
  onEnd(callback: () => void): () => void {
    if (this.#isOver) callback();
    else this.#onEnd.add(callback);
    return () => this.#onEnd.delete(callback);
  }

  /** Resolves after `ms`, or earlier when the call is over. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        forget();
        resolve();
      }, ms);
      const forget = this.onEnd(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** What a promise brings, unless the call is over first: for what others wait for too, and nobody can stop. */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.onEnd(() => reject(over));
      promise.then(resolve, reject).finally(forget);
    });
  }

  /** The same between two RPCs, and why the call is over as an error that says where. */
  async hold<T>(where: string, promise: Promise<T>): Promise<T> {
    try {
      return await this.until(promise);
    } catch (thrown) {
      throw this.wasStopped ? this.failure(thrown, where) : thrown;
    }
  }

  /**
   * What can stop one RPC of this call, to be given back with `release`.
   *
   * A list of its own: a result with many endpoints would put more listeners on a signal than Node takes for sane.
   */
  fork(): AbortController {
    const fork = new AbortController();
    if (this.#isOver) fork.abort(this.#stopped?.reason ?? over);
    else this.#forks.add(fork);
    return fork;
  }

  /** Forgets an RPC, and ends it if it has not ended by itself. */
  release(fork: AbortController, hasEnded: boolean): void {
    this.#forks.delete(fork);
    if (!hasEnded) fork.abort(over);
  }

  /** Stops the call, as an abort by the caller would. */
  stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#stopped = { reason };
    this.#finish(reason);
  }

  /** Ends every RPC of the call that still runs, and forgets the caller's signal. */
  end(): void {
    this.#finish(over);
  }

  /**
   * Lets go of all that could stop it while no RPC runs: a call that nobody may ever go on with must not hold anything.
   *
   * What happened meanwhile takes effect with `resume`.
   */
  suspend(): void {
    clearTimeout(this.#timer);
    if (this.#signal !== undefined) unfollow(this.#signal, this.#abort);
    this.#open.delete(this);
  }

  /** Goes on after `suspend`; nothing happens without one. */
  resume(): void {
    if (this.#isOver || this.#open.has(this)) return;
    this.#open.add(this);
    if (this.#signal?.aborted) this.#abort();
    else if (this.#signal !== undefined) follow(this.#signal, this.#abort);
    if (this.#isOver || this.#timeoutMs === undefined) return;
    const leftMs = this.#deadline - performance.now();
    if (leftMs <= 0) this.#expire();
    // setTimeout's own limit; a longer deadline is as good as none.
    else if (leftMs < 2 ** 31) {
      this.#timer = setTimeout(this.#expire, leftMs);
      // On Node the connection keeps the process alive, not its time limit.
      (this.#timer as { unref?: () => void }).unref?.();
    }
  }

  /** What to throw: why the scope was stopped, if it was, and otherwise the failure itself. */
  failure(thrown: unknown, where: string, redact?: (text: string) => string): FlightSqlError {
    if (this.#expired) return this.#timeout(where);
    if (this.#stopped !== undefined) {
      const { reason } = this.#stopped;
      // Ours; the caller's own is a cause like any other.
      if (reason instanceof FlightSqlError && reason !== this.#signal?.reason) {
        return new FlightSqlError(reason.code, `${where}: ${reason.message}`);
      }
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

  #finish(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.suspend();
    for (const fork of this.#forks) fork.abort(reason);
    this.#forks.clear();
    for (const callback of this.#onEnd) callback();
    this.#onEnd.clear();
  }

  readonly #expire = (): void => {
    this.#expired = true;
    this.#finish(new DOMException("the call's time is over", "TimeoutError"));
  };

  readonly #abort = (): void => {
    this.stop(this.#signal?.reason);
  };
}
