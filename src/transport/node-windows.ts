import type { ClientHttp2Session } from "node:http2";

const minWindow = 64 * 1024;

const maxPending = 7;

/**
 * Divides what a client may hold unread among its streams.
 *
 * A stream's HTTP/2 window is what its server may send before anyone reads, so many paused results would hold many
 * windows; and the connection's window bounds nothing, since node:http2 returns that as bytes come in. So the setting
 * for new and open streams alike (RFC 9113, 6.9.2) is halved until all windows together are at most one full one: 2
 * streams have 16 MB each, 32 have 1 MB, and from 512 on each has 64 KB.
 *
 * What a stream was sent under a larger window stays: results that are opened one after another, each left until its
 * window is full, hold half a window more for each doubling of their number; 32 of them 112 MB.
 */
export class ReceiveBudget {
  readonly #maxWindow: number;
  readonly #sessions = new Map<ClientHttp2Session, { announced: number; pending: number }>();
  #streams = 0;
  #window: number;

  /** @param windowBytes window of one stream while it is alone: the whole budget */
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
    return this.#maxWindow * 2;
  }

  /** @param announced the window that it was dialled with */
  sessionOpened(session: ClientHttp2Session, announced: number): void {
    this.#sessions.set(session, { announced, pending: 0 });
    session.once("close", () => this.#sessions.delete(session));
    this.#announce(session);
  }

  streamOpened(): void {
    this.#streams++;
    if (this.#window * this.#streams > this.#maxWindow) this.#resize();
  }

  streamClosed(): void {
    this.#streams--;
    // Grown late and in one step, so that calls that come and go do not send a SETTINGS frame each.
    if (this.#window < this.#maxWindow && this.#window * 4 * Math.max(1, this.#streams) <= this.#maxWindow)
      this.#resize();
  }

  #resize(): void {
    let window = this.#maxWindow;
    while (window * this.#streams > this.#maxWindow && window / 2 >= minWindow) window /= 2;
    if (window === this.#window) return;
    this.#window = window;
    for (const session of this.#sessions.keys()) this.#announce(session);
  }

  /**
   * Node ends a connection whose peer owes ten acknowledgements. So growing, which can wait, waits for all of them;
   * shrinking, which cannot, takes at most eight steps from the largest window to the smallest.
   */
  #announce(session: ClientHttp2Session): void {
    const state = this.#sessions.get(session);
    if (state === undefined || state.announced === this.#window) return;
    if (state.pending > (state.announced > this.#window ? maxPending : 0)) return;
    if (session.destroyed || session.closed) return;
    state.pending++;
    state.announced = this.#window;
    session.settings({ initialWindowSize: this.#window }, () => {
      state.pending--;
      this.#announce(session);
    });
  }
}
