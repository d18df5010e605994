import type { Connection } from "./connection.ts";
import { type FlightEndpoint, fromEndpoint } from "./model.ts";
import type { CallScope } from "./scope.ts";
import { renewFlightEndpoint } from "./session.ts";

/** Asked for again when four fifths of the time are over, so that a slow answer still comes in time. */
const renewAt = 0.8;

/**
 * An endpoint that waits for its turn, renewed before it expires.
 *
 * Only waiting endpoints need it: a stream that has begun is the server's to finish.
 */
export class WaitingEndpoint {
  readonly #connection: Connection;
  readonly #scope: CallScope;
  #endpoint: FlightEndpoint;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<void> | undefined;
  readonly #forget: () => void;

  constructor(connection: Connection, scope: CallScope, endpoint: FlightEndpoint) {
    this.#connection = connection;
    this.#scope = scope;
    this.#endpoint = endpoint;
    this.#forget = scope.onEnd(() => clearTimeout(this.#timer));
    this.#schedule();
  }

  /** The endpoint to read now; it is not renewed any more. */
  async take(): Promise<FlightEndpoint> {
    clearTimeout(this.#timer);
    await this.#renewing;
    clearTimeout(this.#timer);
    this.#forget();
    return this.#endpoint;
  }

  #schedule(): void {
    const { expirationTime } = this.#endpoint;
    if (expirationTime === null || this.#scope.isOver) return;
    const leftMs = Number(expirationTime / 1_000_000n) - Date.now();
    // One that is over cannot be renewed, and one beyond setTimeout's range need not be.
    if (leftMs <= 0 || leftMs > 2 ** 31 - 1) return;
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew();
    }, leftMs * renewAt);
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #renew(): Promise<void> {
    try {
      // The whole endpoint changes, ticket included.
      this.#endpoint = fromEndpoint(await renewFlightEndpoint(this.#connection, this.#scope, this.#endpoint.message));
      this.#schedule();
    } catch {
      // Servers need not know the action, and may let the endpoint live on: DoGet will tell.
    }
  }
}
