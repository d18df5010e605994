import type { FlightSqlError } from "../errors.ts";
import type { CallOptions } from "../sql/index.ts";

/** One call of a cursor, which takes several of the client. */
export interface Limits {
  /** The options for its next step, with what remains of its time. */
  readonly left: () => CallOptions;
  /** Ends the steps under way as the caller's signal would. */
  readonly stop: (reason: unknown) => void;
  /** It is over: the caller's signal is forgotten. */
  readonly end: () => void;
}

/** @param running where the call stands, as what stops it, until it is over */
export function limits(options: CallOptions, running: Set<(reason: FlightSqlError) => void>): Limits {
  const controller = new AbortController();
  const { signal, timeoutMs } = options;
  const stop = (reason: unknown): void => controller.abort(reason);
  // By hand: Node 20 may collect the signals of AbortSignal.any while somebody listens.
  const follow = (): void => stop(signal?.reason);
  if (signal?.aborted) follow();
  else signal?.addEventListener("abort", follow);
  running.add(stop);
  const started = performance.now();
  return {
    stop,
    end: () => {
      running.delete(stop);
      signal?.removeEventListener("abort", follow);
    },
    left: () => ({
      ...options,
      signal: controller.signal,
      ...(timeoutMs !== undefined && { timeoutMs: Math.max(1, timeoutMs - (performance.now() - started)) }),
    }),
  };
}
