import type { ClientHttp2Session } from "node:http2";

const minWindow = 64 * 1024;

/**
 * Divides what a client may hold unread among its streams.
 *
 * A stream's HTTP/2 window is what its server may send before anyone reads, so many paused results would hold many
 * windows; and the connection's window bounds nothing, since node:http2 returns that as bytes come in. So the setting
 * for new and open streams alike (RFC 9113, 6.9.2) is halved until all windows together are at most two full ones: 2
 * streams have 16 MB each, 32 have 1 MB, and from 512 on each has 64 KB.
 *
 * What a stream was sent under a larger window stays: results that are opened one after another, each left until its
 * window is full, hold one window more for each doubling of their number; 32 of them 96 MB.
 */
export class ReceiveBudget {
  readonly #maxWindow: number;
  readonly #sessions = new Map<ClientHttp2Session, { announced: number; isPending: boolean }>();
  #streams = 0;
  #window: number;

  /** @param windowBytes window of one stream while few are open; two of them are the budget */
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

  /** @param announced the window that it was dialled with */
  sessionOpened(session: ClientHttp2Session, announced: number): void {
    this.#sessions.set(session, { announced, isPending: false });
    session.once("close", () => this.#sessions.delete(session));
    this.#announce(session);
  }

  streamOpened(): void {
    this.#streams++;
    if (this.#window * this.#streams > this.#maxWindow * 2) this.#resize();
  }

  streamClosed(): void {
    this.#streams--;
    // Grown late and in one step, so that calls that come and go do not send a SETTINGS frame each.
    if (this.#window < this.#maxWindow && this.#window * 4 * Math.max(1, this.#streams) <= this.#maxWindow * 2)
      this.#resize();
  }

  #resize(): void {
    let window = this.#maxWindow;
    while (window * this.#streams > this.#maxWindow * 2 && window / 2 >= minWindow) window /= 2;
    if (window === this.#window) return;
    this.#window = window;
    for (const session of this.#sessions.keys()) this.#announce(session);
  }

  /** One SETTINGS frame at a time: node ends a connection whose peer owes more than ten acknowledgements. */
  #announce(session: ClientHttp2Session): void {
    const state = this.#sessions.get(session);
    if (state === undefined || state.isPending || state.announced === this.#window) return;
    if (session.destroyed || session.closed) return;
    state.isPending = true;
    state.announced = this.#window;
    session.settings({ initialWindowSize: this.#window }, () => {
      state.isPending = false;
      this.#announce(session);
    });
  }
}
