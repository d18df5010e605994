import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { readSchema, writeSchema } from "../arrow/encapsulated.ts";
import {
  type Action,
  ActionTypeSchema,
  type Criteria,
  type FlightData,
  type FlightDescriptor,
  type FlightInfo,
  FlightInfoSchema,
  FlightService,
  type HandshakeRequest,
  HandshakeResponseSchema,
  PollInfoSchema,
  PutResultSchema,
  ResultSchema,
  SchemaResultSchema,
  type Ticket,
} from "../gen/Flight_pb.ts";
import type { Backend } from "./backend.ts";
import { readAction, readDescriptor, readTicket, writeAnswer, writeBare } from "./messages.ts";
import { encodeResult, openUpload } from "./streams.ts";

/**
 * A Flight SQL service over a backend, as routes for a Connect router.
 *
 * @example
 * ```ts
 * import { connectNodeAdapter } from "@connectrpc/connect-node";
 * import { createServer } from "node:http2";
 *
 * createServer(connectNodeAdapter({ routes: flightRoutes(backend) })).listen(31337, "127.0.0.1");
 * ```
 */
export function flightRoutes(backend: Backend): (router: ConnectRouter) => void {
  return (router) => {
    router.service(FlightService, {
      handshake: (requests, call) => guard(handshake(backend, requests, call), call),
      listFlights: (criteria, call) => guard(listFlights(backend, criteria, call), call),
      getFlightInfo: (descriptor, call) => settle(getFlightInfo(backend, descriptor, call), call),
      pollFlightInfo: (descriptor, call) => settle(pollFlightInfo(backend, descriptor, call), call),
      getSchema: (descriptor, call) => settle(getSchema(backend, descriptor, call), call),
      doGet: (ticket, call) => streamTicket(backend, ticket, call),
      doPut: (messages, call) => guard(doPut(backend, messages, call), call),
      doExchange: (messages, call) => guard(doExchange(backend, messages, call), call),
      doAction: (action, call) => guard(doAction(backend, action, call), call),
      listActions: (_, call) => guard(listActions(backend), call),
    });
  };
}

async function* handshake(backend: Backend, requests: AsyncIterable<HandshakeRequest>, call: HandlerContext) {
  if (!backend.handshake) throw unimplemented("Handshake");
  const payloads = async function* () {
    for await (const { payload } of requests) yield payload;
  };
  for await (const payload of backend.handshake(payloads(), call)) yield create(HandshakeResponseSchema, { payload });
}

async function* listFlights(backend: Backend, criteria: Criteria, call: HandlerContext) {
  if (!backend.listFlights) throw unimplemented("ListFlights");
  for await (const info of backend.listFlights(criteria.expression, call)) yield create(FlightInfoSchema, info);
}

async function getFlightInfo(
  backend: Backend,
  descriptor: FlightDescriptor,
  call: HandlerContext,
): Promise<FlightInfo> {
  if (!backend.getFlightInfo) throw unimplemented("GetFlightInfo");
  const info = await backend.getFlightInfo(readDescriptor(descriptor), call);
  return create(FlightInfoSchema, { ...info, flightDescriptor: descriptor });
}

async function pollFlightInfo(backend: Backend, descriptor: FlightDescriptor, call: HandlerContext) {
  if (!backend.pollFlightInfo) throw unimplemented("PollFlightInfo");
  return create(PollInfoSchema, await backend.pollFlightInfo(readDescriptor(descriptor), call));
}

async function getSchema(backend: Backend, descriptor: FlightDescriptor, call: HandlerContext) {
  if (backend.getSchema) {
    const schema = await backend.getSchema(readDescriptor(descriptor), call);
    return create(SchemaResultSchema, { schema: writeSchema(schema) });
  }
  if (!backend.getFlightInfo) throw unimplemented("GetSchema");
  const { schema } = await backend.getFlightInfo(readDescriptor(descriptor), call);
  if (!schema || !readSchema(schema)) {
    throw new ConnectError("The schema is not known before the data is read.", Code.Unimplemented);
  }
  return create(SchemaResultSchema, { schema });
}

async function* doGet(backend: Backend, { ticket }: Ticket, call: HandlerContext) {
  if (!backend.doGet) throw unimplemented("DoGet");
  yield* encodeResult(await backend.doGet(readTicket(ticket), call));
}

/** The messages of DoGet; whatever fails, fails with what the client may know of it. */
export function streamTicket(backend: Backend, ticket: Ticket, call: HandlerContext): AsyncIterable<FlightData> {
  return guard(doGet(backend, ticket, call), call);
}

async function* doPut(backend: Backend, messages: AsyncIterable<FlightData>, call: HandlerContext) {
  if (!backend.doPut) throw unimplemented("DoPut");
  const { command, upload } = await openUpload(messages);
  for await (const answer of backend.doPut(command, upload, call)) {
    // Never in an Any, unlike the answers of actions.
    const appMetadata = answer instanceof Uint8Array ? answer : writeBare(answer);
    yield create(PutResultSchema, { appMetadata });
  }
}

async function* doExchange(backend: Backend, messages: AsyncIterable<FlightData>, call: HandlerContext) {
  if (!backend.doExchange) throw unimplemented("DoExchange");
  const { command, upload } = await openUpload(messages);
  yield* encodeResult(await backend.doExchange(command, upload, call));
}

async function* doAction(backend: Backend, { type, body }: Action, call: HandlerContext) {
  if (!backend.doAction) throw unimplemented(`DoAction ${type}`);
  for await (const answer of backend.doAction(readAction(type, body), call)) {
    yield create(ResultSchema, { body: answer instanceof Uint8Array ? answer : writeAnswer(answer) });
  }
}

async function* listActions(backend: Backend) {
  for (const action of backend.actions ?? []) yield create(ActionTypeSchema, action);
}

/** What a backend does not offer. */
export function unimplemented(what: string): ConnectError {
  return new ConnectError(`${what} is not offered by this server.`, Code.Unimplemented);
}

async function settle<T>(answer: Promise<T>, call: HandlerContext): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    throw reported(reason, call.signal);
  }
}

async function* guard<T>(answers: AsyncIterable<T>, call: HandlerContext): AsyncGenerator<T, void, undefined> {
  try {
    yield* answers;
  } catch (reason) {
    throw reported(reason, call.signal);
  }
}

/** Only what was meant for the client goes to it; a fault of ours goes to the console, which belongs to the operator. */
function reported(reason: unknown, signal: AbortSignal): ConnectError {
  if (reason instanceof ConnectError) return reason;
  // Whatever it was then, it came of stopping.
  if (signal.aborted) return ConnectError.from(signal.reason, Code.Canceled);
  console.error("flightsql server: a call failed by a fault of the server:", reason);
  return new ConnectError("The server failed; its log has the reason.", Code.Internal, undefined, undefined, reason);
}
