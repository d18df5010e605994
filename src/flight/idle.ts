/**
 * How long to wait for a server that says nothing. Neither counts the time in which nobody asks for more, nor holds for
 * uploads (DoPut, DoExchange), which a server answers when it has all of them.
 */
export interface IdleOptions {
  /**
   * Longest wait for the first message of an answer, in milliseconds: `unavailable` after that. It is the time that a
   * server may think, so long queries need much of it. Default: none.
   */
  firstByteTimeoutMs?: number | undefined;
  /**
   * Longest wait for each further message of an answer, in milliseconds: `unavailable` after that. Finds connections
   * that have died without a word. Default: none, as a query may have nothing to say for as long as it runs.
   */
  idleTimeoutMs?: number | undefined;
}

/**
 * Watches one RPC for silence.
 *
 * One timer, which looks at a clock that each wait sets: setting a timer for every message would cost more.
 */
export class IdleWatch {
  readonly #expire: (option: keyof IdleOptions, ms: number) => void;
  #option: keyof IdleOptions = "firstByteTimeoutMs";
  #limitMs = 0;
  /** Since when the server is waited for; infinity while it is not. */
  #since = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(expire: (option: keyof IdleOptions, ms: number) => void) {
    this.#expire = expire;
  }

  /** From now on the server has as long as the option says; undefined is for ever. */
  wait(option: keyof IdleOptions, limitMs: number | undefined): void {
    if (option !== this.#option) this.end();
    this.#option = option;
    if (limitMs === undefined) return;
    this.#limitMs = limitMs;
    this.#since = performance.now();
    if (this.#timer === undefined) this.#schedule(limitMs);
  }

  /** Something came, or nobody waits. */
  rest(): void {
    this.#since = Number.POSITIVE_INFINITY;
  }

  end(): void {
    this.rest();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(this.#look, Math.min(ms, 2 ** 31 - 1));
    (this.#timer as { unref?: () => void }).unref?.();
  }

  readonly #look = (): void => {
    const silentMs = performance.now() - this.#since;
    // A timer may fire a fraction of a millisecond early.
    if (silentMs > this.#limitMs - 1) this.#expire(this.#option, this.#limitMs);
    else this.#schedule(silentMs > 0 ? this.#limitMs - silentMs : this.#limitMs);
  };
}
