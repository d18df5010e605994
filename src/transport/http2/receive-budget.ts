/** Any stream may send this much, or nothing would ever begin. */
const minWindow = 64 * 1024;

/**
 * Divides what a client may hold unread among its streams.
 *
 * A stream's window is what its server may send before anyone reads, so many paused results would hold many windows;
 * and the connection's window bounds nothing, since it is returned as bytes come in, or one paused result would stop
 * all the others. So a stream is granted its share of the whole, when it is opened and each time it is read: 16 MB
 * for a single one, 1 MB each for 16, and from 256 on 64 KB each.
 *
 * What was granted stays: results that are opened one after another, each left until its window is full, hold 16 MB,
 * 8, 5.3 … and 65 MB when they are 32.
 */
export class ReceiveBudget {
  readonly #bytes: number;
  #streams = 0;

  /** @param bytes the whole budget */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What a stream may hold now. */
  get window(): number {
    return Math.max(minWindow, Math.floor(this.#bytes / Math.max(1, this.#streams)));
  }

  /** The window of a connection: never what a stream waits for. */
  get connectionWindow(): number {
    return Math.max(minWindow, this.#bytes * 2);
  }

  opened(): void {
    this.#streams++;
  }

  closed(): void {
    this.#streams--;
  }
}
