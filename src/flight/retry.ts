import { Code } from "@connectrpc/connect";

/** How often calls that a server could not take are sent again. */
export interface RetryOptions {
  /**
   * How often one RPC is sent, the first time included; 1 repeats nothing. Only what cannot do anything twice is
   * repeated, before any of its answer was handed out: metadata, schemas and lists, polls of a query that runs, and
   * endpoints whose `expirationTime` is still to come. Updates, ingest and actions never are. Default 4.
   */
  maxAttempts?: number | undefined;
  /** Repeat GetFlightInfo of queries too: for clients whose queries change nothing. Default `false`. */
  queries?: boolean | undefined;
}

/**
 * gRFC A6 leaves to each service which codes are repeated; gRPC's own list of codes says that of all of them
 * `unavailable` is the one where the call alone may be sent again.
 */
export const retryable: readonly Code[] = [Code.Unavailable];

/** A poll whose long wait was cut short: Flight.rst, "Downloading Data by Running a Heavy Query". */
export const retryablePoll: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded];

// The numbers of gRFC A6's example, with a cap for those who ask for many attempts.
const firstDelayMs = 100;
const maxDelayMs = 5000;

/** A server that wants to be left alone for longer than this gets no second call. */
const maxPushbackMs = 60_000;

/**
 * How long to wait before a call is sent again: exponential, with a fifth more or less by chance, so that clients that
 * failed together do not come back together; or as long as the server says.
 *
 * @param failures how often it has failed, from 1
 * @param metadata of the last failure
 * @returns undefined when the server asks not to be called again
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
export function retryDelay(failures: number, metadata: Headers | undefined): number | undefined {
  const pushback = metadata?.get("grpc-retry-pushback-ms") ?? null;
  if (pushback === null) return Math.min(firstDelayMs * 2 ** (failures - 1), maxDelayMs) * (0.8 + 0.4 * Math.random());
  // What cannot be read means no, as a negative number does.
  return /^\d+$/.test(pushback) && Number(pushback) <= maxPushbackMs ? Number(pushback) : undefined;
}
