import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { readSchema } from "../arrow/encapsulated.ts";
import { writeSchema } from "../arrow/encode.ts";
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
import type { Gate } from "./access.ts";
import type { Backend } from "./backend.ts";
import { readAction, readDescriptor, readTicket, writeAnswer, writeBare } from "./messages.ts";
import { encodeResult, openUpload } from "./streams.ts";

/**
 * A Flight SQL service over a backend, as routes for a Connect router. With a gate, only calls that it lets through
 * reach the backend.
 *
 * @example
 * ```ts
 * import { connectNodeAdapter } from "@connectrpc/connect-node";
 * import { createServer } from "node:http2";
 *
 * createServer(connectNodeAdapter({ routes: flightRoutes(backend) })).listen(31337, "127.0.0.1");
 * ```
 */
export function flightRoutes(backend: Backend, gate?: Gate): (router: ConnectRouter) => void {
  // Called when the answer is asked for, so that a refusal is an answer like any other.
  const stream = <T>(call: HandlerContext, answers: () => AsyncIterable<T>) => guard(behind(gate, call, answers), call);
  const single = <T>(call: HandlerContext, answer: () => Promise<T>) => settle(behindOne(gate, call, answer), call);
  return (router) => {
    router.service(FlightService, {
      handshake: (requests, call) => guard(handshake(backend, requests, call, gate), call),
      listFlights: (criteria, call) => stream(call, () => listFlights(backend, criteria, call)),
      getFlightInfo: (descriptor, call) => single(call, () => getFlightInfo(backend, descriptor, call)),
      pollFlightInfo: (descriptor, call) => single(call, () => pollFlightInfo(backend, descriptor, call)),
      getSchema: (descriptor, call) => single(call, () => getSchema(backend, descriptor, call)),
      doGet: (ticket, call) => streamTicket(backend, ticket, call, gate),
      doPut: (messages, call) => stream(call, () => doPut(backend, messages, call)),
      doExchange: (messages, call) => stream(call, () => doExchange(backend, messages, call)),
      doAction: (action, call) => stream(call, () => doAction(backend, action, call)),
      listActions: (_, call) => stream(call, () => listActions(backend)),
    });
  };
}

async function* behind<T>(gate: Gate | undefined, call: HandlerContext, answers: () => AsyncIterable<T>) {
  gate?.check(call);
  yield* answers();
}

async function behindOne<T>(gate: Gate | undefined, call: HandlerContext, answer: () => Promise<T>): Promise<T> {
  gate?.check(call);
  return await answer();
}

async function* handshake(
  backend: Backend,
  requests: AsyncIterable<HandshakeRequest>,
  call: HandlerContext,
  gate: Gate | undefined,
) {
  if (gate) {
    gate.login(call);
    // Clients read until the end, and some ask for an answer.
    yield create(HandshakeResponseSchema);
    return;
  }
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
export function streamTicket(
  backend: Backend,
  ticket: Ticket,
  call: HandlerContext,
  gate: Gate | undefined,
): AsyncIterable<FlightData> {
  return guard(
    behind(gate, call, () => doGet(backend, ticket, call)),
    call,
  );
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
