import type { CallOptions } from "../flight/scope.ts";

/** How far the reading of a result is. */
export interface Progress {
  /** Rows read so far. */
  readonly rows: number;
  /** Bytes of Arrow data read so far, as sent. */
  readonly bytes: number;
  readonly endpointsDone: number;
  readonly endpoints: number;
  /** Milliseconds since the query was sent. */
  readonly elapsedMs: number;
  /** Part of the whole, 0 to 1, when the server told how much there is. */
  readonly fraction?: number;
}

export interface QueryOptions extends CallOptions {
  /**
   * Ask with PollFlightInfo, so that a long query reports progress and its first endpoints are read while others are
   * still being made. Servers that do not know it are asked with GetFlightInfo. Default `false`.
   */
  poll?: boolean | undefined;
  /** Called after each batch and at the end; with `poll`, also after each answer. */
  onProgress?: ((progress: Progress) => void) | undefined;
}
