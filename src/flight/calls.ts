import { create } from "@bufbuild/protobuf";
import {
  ActionSchema,
  CriteriaSchema,
  EmptySchema,
  type FlightData,
  type FlightDescriptor,
  type FlightInfo as FlightInfoMessage,
  HandshakeRequestSchema,
  type HandshakeResponse,
  type PollInfo as PollInfoMessage,
  type PutResult,
  TicketSchema,
} from "../gen/Flight_pb.ts";
import type { Channel, Rpc } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { FlightEndpoint } from "./model.ts";
import type { CallScope } from "./scope.ts";

// The RPCs of FlightService, one function each, inside the scope of a call. A read may be sent again with a renewed
// token; what may have had an effect, never.
const read = (name: string): Rpc => ({ name, repeatable: true });
const write = (name: string): Rpc => ({ name, repeatable: false });

export function getFlightInfo(
  { origin }: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
): Promise<FlightInfoMessage> {
  return origin.unary(read("GetFlightInfo"), scope, (client, options) => client.getFlightInfo(descriptor, options));
}

export function pollFlightInfo(
  { origin }: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
): Promise<PollInfoMessage> {
  return origin.unary(read("PollFlightInfo"), scope, (client, options) => client.pollFlightInfo(descriptor, options));
}

export async function getSchema(
  { origin }: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
): Promise<Uint8Array> {
  const result = await origin.unary(read("GetSchema"), scope, (client, options) =>
    client.getSchema(descriptor, options),
  );
  return result.schema;
}

export function listFlights(
  { origin }: Connection,
  scope: CallScope,
  expression: Uint8Array,
): AsyncGenerator<FlightInfoMessage, void, undefined> {
  return origin.stream(read("ListFlights"), scope, (client, options) =>
    client.listFlights(create(CriteriaSchema, { expression }), options),
  );
}

export function listActions(
  { origin }: Connection,
  scope: CallScope,
): AsyncGenerator<{ type: string; description: string }, void, undefined> {
  return origin.stream(read("ListActions"), scope, (client, options) =>
    client.listActions(create(EmptySchema), options),
  );
}

/** Reads an endpoint from whichever of its locations answers. */
export function doGet(
  { locations }: Connection,
  scope: CallScope,
  endpoint: FlightEndpoint,
): AsyncGenerator<FlightData, void, undefined> {
  const ticket = create(TicketSchema, { ticket: endpoint.ticket });
  return locations.read(endpoint, scope, (channel) =>
    channel.stream(read("DoGet"), scope, (client, options) => client.doGet(ticket, options)),
  );
}

export function doPut(
  { origin }: Connection,
  scope: CallScope,
  messages: AsyncIterable<FlightData>,
): AsyncGenerator<PutResult, void, undefined> {
  return origin.stream(write("DoPut"), scope, (client, options) => client.doPut(messages, options));
}

export function doExchange(
  { origin }: Connection,
  scope: CallScope,
  messages: AsyncIterable<FlightData>,
): AsyncGenerator<FlightData, void, undefined> {
  return origin.stream(write("DoExchange"), scope, (client, options) => client.doExchange(messages, options));
}

/** Runs an action and yields the bodies of its results. */
export async function* doAction(
  { origin }: Connection,
  scope: CallScope,
  type: string,
  body: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const action = create(ActionSchema, { type, body });
  for await (const result of origin.stream(write(`DoAction ${type}`), scope, (client, options) =>
    client.doAction(action, options),
  )) {
    yield result.body;
  }
}

/** Runs an action to its end, as an error may follow its results, and returns the first result's body. */
export async function runAction(
  connection: Connection,
  scope: CallScope,
  type: string,
  body: Uint8Array,
): Promise<Uint8Array> {
  let first: Uint8Array | undefined;
  for await (const result of doAction(connection, scope, type, body)) first ??= result;
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
  const collect = (headers: Headers): void => {
    headers.forEach((value, name) => {
      seen.set(name, value);
    });
  };
  async function* request() {
    yield create(HandshakeRequestSchema, { payload });
  }
  let answer: HandshakeResponse | undefined;
  const responses = channel.stream(write("Handshake"), scope, (client, options) => {
    const headers = new Headers(options.headers);
    header.forEach((value, name) => {
      headers.set(name, value);
    });
    return client.handshake(request(), { ...options, headers, onHeader: collect, onTrailer: collect });
  });
  for await (const response of responses) answer = response;
  return { header: seen, payload: answer?.payload ?? new Uint8Array(0) };
}
