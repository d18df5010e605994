import { Code, ConnectError } from "@connectrpc/connect";

// How many cancelled reads that nobody has started are remembered.
const remembered = 10_000;

/** The reads in progress by their tickets' ids, to be stopped by whoever knows one. */
export class Running {
  readonly #stops = new Map<string, Set<AbortController>>();
  readonly #cancelled = new Set<string>();

  /** A signal for one read, which aborts with the call or when the read is cancelled; `end` forgets it. */
  start(id: string, signal: AbortSignal): { readonly signal: AbortSignal; readonly end: () => void } {
    this.check(id);
    const stop = new AbortController();
    const stops = this.#stops.get(id) ?? new Set();
    this.#stops.set(id, stops.add(stop));
    // By hand: Node 20 may collect the signals of AbortSignal.any while somebody listens.
    const abort = () => stop.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return {
      signal: stop.signal,
      end: () => {
        signal.removeEventListener("abort", abort);
        stops.delete(stop);
        if (stops.size === 0 && this.#stops.get(id) === stops) this.#stops.delete(id);
      },
    };
  }

  /** @throws ConnectError canceled, when the reads of this ticket have been cancelled */
  check(id: string): void {
    if (this.#cancelled.has(id)) throw cancelled();
  }

  /** Stops the reads of a ticket, and those to come. */
  cancel(id: string): void {
    for (const stop of this.#stops.get(id) ?? []) stop.abort(cancelled());
    this.#cancelled.add(id);
    for (const oldest of this.#cancelled) {
      if (this.#cancelled.size <= remembered) break;
      this.#cancelled.delete(oldest);
    }
  }
}

function cancelled(): ConnectError {
  return new ConnectError("The query was cancelled.", Code.Canceled);
}
