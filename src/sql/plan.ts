import { FlightSqlError } from "../errors.ts";
import * as calls from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import { type FlightInfo, fromInfo, fromPollInfo, type PollInfo } from "../flight/model.ts";
import type { CallScope } from "../flight/scope.ts";
import type { FlightDescriptor } from "../gen/Flight_pb.ts";

export interface Planned {
  info: FlightInfo;
  updates?: AsyncIterable<PollInfo> | undefined;
}

export interface PlanOptions {
  readonly poll: boolean | undefined;
  /** Whether asking may have an effect: metadata has none. */
  readonly isQuery: boolean;
}

/** Asks for the FlightInfo of a command, by polling if that is wanted and the server can. */
export async function plan(
  connection: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
  { poll, isQuery }: PlanOptions,
): Promise<Planned> {
  if (poll) {
    try {
      return await startPolling(connection, scope, descriptor);
    } catch (thrown) {
      if (!(thrown instanceof FlightSqlError) || thrown.code !== "unimplemented") throw thrown;
    }
  }
  return { info: fromInfo(await calls.getFlightInfo(connection, scope, descriptor, isQuery)) };
}

async function startPolling(connection: Connection, scope: CallScope, descriptor: FlightDescriptor): Promise<Planned> {
  let first = fromPollInfo(await calls.pollFlightInfo(connection, scope, descriptor));
  // Until there is something to read, nothing can be decided about reading it.
  while (first.info === null && first.descriptor !== null) first = await pollAgain(connection, scope, first);
  if (first.info === null)
    throw new FlightSqlError(
      "internal",
      `PollFlightInfo to ${connection.origin.uri}: the query is complete and has no FlightInfo`,
    );
  const start = first;
  async function* updates(): AsyncGenerator<PollInfo, void, undefined> {
    yield start;
    for (let last = start; last.descriptor !== null; ) {
      last = await pollAgain(connection, scope, last);
      yield last;
    }
  }
  return { info: first.info, updates: updates() };
}

// Flight.proto: a server should answer a poll only when something has changed. Those that answer at once must not be
// asked in a tight loop.
const pollIntervalMs = 100;

async function pollAgain(connection: Connection, scope: CallScope, last: PollInfo): Promise<PollInfo> {
  const asked = performance.now();
  const next = fromPollInfo(await calls.pollFlightInfo(connection, scope, last.descriptor!, last));
  const known = last.info?.endpoints.length ?? 0;
  const isNews = next.descriptor === null || (next.info?.endpoints.length ?? 0) > known;
  const early = pollIntervalMs - (performance.now() - asked);
  if (!isNews && early > 0) await scope.pause(early);
  return next;
}
