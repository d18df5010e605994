/** Tells who makes one thing after the other when it is time to let the event loop do what waits: timers, for one. */
export class Turns {
  readonly #sliceMs: number;
  #begun = performance.now();

  /** @param sliceMs how long may be worked without a turn; one may cost a millisecond */
  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  /** Undefined while there is time left, so that what is not due costs no promise. */
  next(): Promise<void> | undefined {
    if (performance.now() - this.#begun < this.#sliceMs) return undefined;
    return turn().then(() => {
      this.#begun = performance.now();
    });
  }
}

function turn(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}
