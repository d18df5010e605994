import { create } from "@bufbuild/protobuf";
import {
  ActionSchema,
  CriteriaSchema,
  EmptySchema,
  type FlightData,
  type FlightDescriptor,
  type FlightInfo as FlightInfoMessage,
  FlightService,
  HandshakeRequestSchema,
  type HandshakeResponse,
  type PollInfo as PollInfoMessage,
  type PutResult,
  TicketSchema,
} from "../gen/Flight_pb.ts";
import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { FlightEndpoint } from "./model.ts";
import { retryablePoll } from "./retry.ts";
import type { Rpc } from "./rpc.ts";
import type { CallScope } from "./scope.ts";

// The RPCs of FlightService, one function each, inside the scope of a call, each with what it may do twice.
const { method } = FlightService;

/** A read that changes nothing, whatever the server is: it may be repeated any time. */
const read = (name: string): Rpc => ({ name, isRead: true, safeUntil: Number.POSITIVE_INFINITY });
/** What may have had an effect: never sent twice. */
const write = (name: string): Rpc => ({ name, isRead: false, safeUntil: 0 });
const upload = (name: string): Rpc => ({ ...write(name), isUpload: true });

/** @param isQuery a SQL query, which some servers run at once, and which may be an INSERT */
export function getFlightInfo(
  { origin, repeatsQueries }: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
  isQuery: boolean,
): Promise<FlightInfoMessage> {
  const safeUntil = isQuery && !repeatsQueries ? 0 : Number.POSITIVE_INFINITY;
  return origin.unary({ name: "GetFlightInfo", isRead: true, safeUntil }, scope, method.getFlightInfo, descriptor);
}

/** @param previous when the query of an earlier poll expires; left out for the first poll, which starts the query */
export function pollFlightInfo(
  { origin, repeatsQueries }: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
  previous?: { readonly expirationTime: bigint | null },
): Promise<PollInfoMessage> {
  const rpc: Rpc =
    previous === undefined
      ? { name: "PollFlightInfo", isRead: true, safeUntil: repeatsQueries ? Number.POSITIVE_INFINITY : 0 }
      : {
          name: "PollFlightInfo",
          isRead: true,
          safeUntil: toMilliseconds(previous.expirationTime) ?? Number.POSITIVE_INFINITY,
          retryOn: retryablePoll,
        };
  return origin.unary(rpc, scope, method.pollFlightInfo, descriptor);
}

export async function getSchema(
  { origin }: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
): Promise<Uint8Array> {
  const { schema } = await origin.unary(read("GetSchema"), scope, method.getSchema, descriptor);
  return schema;
}

export function listFlights(
  { origin }: Connection,
  scope: CallScope,
  expression: Uint8Array,
): AsyncGenerator<FlightInfoMessage, void, undefined> {
  return origin.stream(read("ListFlights"), scope, method.listFlights, only(create(CriteriaSchema, { expression })));
}

export function listActions(
  { origin }: Connection,
  scope: CallScope,
): AsyncGenerator<{ type: string; description: string }, void, undefined> {
  return origin.stream(read("ListActions"), scope, method.listActions, only(create(EmptySchema)));
}

/**
 * Reads an endpoint from whichever of its locations answers; the last of them is asked again while the endpoint's
 * expiration time is to come. Flight.proto: without one, whether a ticket can be used twice is the server's business.
 */
export function doGet(
  { locations }: Connection,
  scope: CallScope,
  endpoint: FlightEndpoint,
): AsyncGenerator<FlightData, void, undefined> {
  const ticket = only(create(TicketSchema, { ticket: endpoint.ticket }));
  const expires = toMilliseconds(endpoint.expirationTime) ?? 0;
  return locations.read(endpoint, scope, (channel, isLast) =>
    channel.stream({ name: "DoGet", isRead: true, safeUntil: isLast ? expires : 0 }, scope, method.doGet, ticket),
  );
}

export function doPut(
  { origin }: Connection,
  scope: CallScope,
  messages: AsyncIterable<FlightData>,
): AsyncGenerator<PutResult, void, undefined> {
  return origin.stream(upload("DoPut"), scope, method.doPut, messages);
}

export function doExchange(
  { origin }: Connection,
  scope: CallScope,
  messages: AsyncIterable<FlightData>,
): AsyncGenerator<FlightData, void, undefined> {
  return origin.stream(upload("DoExchange"), scope, method.doExchange, messages);
}

/**
 * Runs an action and yields the bodies of its results.
 *
 * @param isRead for actions that change nothing
 */
export async function* doAction(
  { origin }: Connection,
  scope: CallScope,
  type: string,
  body: Uint8Array,
  isRead = false,
): AsyncGenerator<Uint8Array, void, undefined> {
  const rpc = (isRead ? read : write)(`DoAction ${type}`);
  const action = only(create(ActionSchema, { type, body }));
  for await (const result of origin.stream(rpc, scope, method.doAction, action)) yield result.body;
}

/** Runs an action to its end, as an error may follow its results, and returns the first result's body. */
export async function runAction(
  connection: Connection,
  scope: CallScope,
  type: string,
  body: Uint8Array,
  isRead = false,
): Promise<Uint8Array> {
  let first: Uint8Array | undefined;
  for await (const result of doAction(connection, scope, type, body, isRead)) first ??= result;
  return first ?? new Uint8Array(0);
}

/** One request, half-closed, and everything that comes back: headers ∪ trailers and the last payload. */
export async function handshake(
  channel: Channel,
  scope: CallScope,
  header: Headers,
  payload: Uint8Array,
): Promise<{ header: Headers; payload: Uint8Array }> {
  const seen = new Headers();
  const onHeader = (headers: Headers): void => {
    headers.forEach((value, name) => {
      seen.set(name, value);
    });
  };
  let answer: HandshakeResponse | undefined;
  const request = only(create(HandshakeRequestSchema, { payload }));
  const rpc = { ...write("Handshake"), header, onHeader };
  for await (const response of channel.stream(rpc, scope, method.handshake, request)) answer = response;
  return { header: seen, payload: answer?.payload ?? new Uint8Array(0) };
}

/** A request of one message; it can be sent again. */
function only<T>(message: T): AsyncIterable<T> {
  return {
    async *[Symbol.asyncIterator]() {
      yield message;
    },
  };
}

function toMilliseconds(nanoseconds: bigint | null): number | null {
  return nanoseconds === null ? null : Number(nanoseconds / 1_000_000n);
}
