import type { ClientHttp2Session } from "node:http2";

const minWindow = 64 * 1024;

/**
 * Divides what a client may hold unread among its streams.
 *
 * A stream's HTTP/2 window is what its server may send before anyone reads, so many paused results would hold many
 * windows. The setting for new and open streams alike (RFC 9113, 6.9.2) is therefore halved whenever the streams'
 * windows together would exceed the budget: 4 streams have 16 MB each, 32 have 2 MB, and a thousand 64 KB.
 */
export class ReceiveBudget {
  readonly #maxWindow: number;
  readonly #sessions = new Set<ClientHttp2Session>();
  #streams = 0;
  #window: number;

  /** @param windowBytes window of one stream while few are open; four of them are the budget */
  constructor(windowBytes: number) {
    this.#maxWindow = windowBytes;
    this.#window = windowBytes;
  }

  /** The window that a stream has now. */
  get window(): number {
    return this.#window;
  }

  /** The window of a connection: never what a stream waits for. */
  get connectionWindow(): number {
    return this.#maxWindow * 4;
  }

  sessionOpened(session: ClientHttp2Session): void {
    this.#sessions.add(session);
    session.once("close", () => this.#sessions.delete(session));
    // It may have been dialled with another number of streams open than there are now.
    if (session.localSettings.initialWindowSize !== this.#window) this.#announce(session);
  }

  streamOpened(): void {
    this.#streams++;
    const share = (this.#maxWindow * 4) / this.#streams;
    if (share < this.#window) this.#resize();
  }

  streamClosed(): void {
    this.#streams--;
    const share = (this.#maxWindow * 4) / Math.max(1, this.#streams);
    // Grown late and in one step, so that calls that come and go do not send a SETTINGS frame each.
    if (this.#window < this.#maxWindow && share >= this.#window * 4) this.#resize();
  }

  #resize(): void {
    let window = this.#maxWindow;
    while (window * this.#streams > this.#maxWindow * 4 && window / 2 >= minWindow) window /= 2;
    if (window === this.#window) return;
    this.#window = window;
    for (const session of this.#sessions) this.#announce(session);
  }

  #announce(session: ClientHttp2Session): void {
    if (!session.destroyed && !session.closed) session.settings({ initialWindowSize: this.#window });
  }
}
