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

/**
 * Not scheduler.yield(), which comes back before any timer has run, so that a loop of it starves them; and a timer waits
 * 4 ms in browsers, a third of what is done in between.
 */
function turn(): Promise<void> {
  // Workers may have none.
  if (globalThis.MessageChannel === undefined) return new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
