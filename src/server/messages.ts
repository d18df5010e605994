import { createRegistry, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type FlightDescriptor, FlightDescriptor_DescriptorType, file_Flight } from "../gen/Flight_pb.ts";
import { file_FlightSql } from "../gen/FlightSql_pb.ts";
import type { Action, ActionRequest, Command, SqlCommand, Ticket } from "./backend.ts";

const sqlPackage = "arrow.flight.protocol.sql.";
const registry = createRegistry(file_Flight, file_FlightSql);

/** The standard actions by name: the request of `X` is `XRequest` in Flight, `ActionXRequest` in Flight SQL. */
const actionRequests: ReadonlyMap<string, DescMessage> = new Map(
  [...registry]
    .filter((desc): desc is DescMessage => desc.kind === "message" && desc.name.endsWith("Request"))
    .filter((desc) => desc.name !== "HandshakeRequest")
    .map((desc) => [desc.name.replace(/^Action|Request$/g, ""), desc]),
);

/** What a descriptor asks for. Bytes that are no Flight SQL command are left as they are. */
export function readDescriptor(descriptor: FlightDescriptor | undefined): Command {
  if (descriptor === undefined) {
    throw new ConnectError("The first message of the stream has no FlightDescriptor.", Code.InvalidArgument);
  }
  if (descriptor.type === FlightDescriptor_DescriptorType.PATH) return { kind: "path", path: descriptor.path };
  const message = unpack(descriptor.cmd);
  return message && isCommand(message) ? { kind: "sql", message } : { kind: "bytes", bytes: descriptor.cmd };
}

export function readTicket(bytes: Uint8Array): Ticket {
  const message = unpack(bytes);
  return message && (isCommand(message) || message.$typeName === `${sqlPackage}TicketStatementQuery`)
    ? { kind: "sql", message: message as Extract<Ticket, { kind: "sql" }>["message"] }
    : { kind: "bytes", bytes };
}

/** Flight's own actions carry their request bare, those of Flight SQL in an `Any`; so do the answers. */
export function readAction(type: string, body: Uint8Array): Action {
  const desc = actionRequests.get(type);
  if (!desc) return { kind: "other", type, body };
  let request: Message | undefined;
  try {
    request = isSql(desc.typeName) ? anyUnpack(fromBinary(AnySchema, body), desc) : fromBinary(desc, body);
  } catch (cause) {
    throw new ConnectError(
      `The body of action ${type} cannot be read.`,
      Code.InvalidArgument,
      undefined,
      undefined,
      cause,
    );
  }
  if (!request) {
    throw new ConnectError(`The body of action ${type} is not an Any of ${desc.name}.`, Code.InvalidArgument);
  }
  return { kind: "standard", type, request: request as ActionRequest };
}

/** The bytes of a message: packed in an `Any` when it is an action's answer of Flight SQL. */
export function writeAnswer(message: { readonly $typeName: string }): Uint8Array {
  const desc = describe(message);
  return isSql(desc.typeName) ? writeAny(message) : toBinary(desc, message as Message);
}

export function writeBare(message: { readonly $typeName: string }): Uint8Array {
  return toBinary(describe(message), message as Message);
}

/** The bytes of a Flight SQL message as commands and tickets carry it. */
export function writeAny(message: { readonly $typeName: string }): Uint8Array {
  return toBinary(AnySchema, anyPack(describe(message), message as Message));
}

function describe(message: { readonly $typeName: string }): DescMessage {
  const desc = registry.getMessage(message.$typeName);
  if (!desc) throw new TypeError(`${message.$typeName} is no message of Flight or Flight SQL`);
  return desc;
}

function unpack(bytes: Uint8Array): Message | undefined {
  try {
    return anyUnpack(fromBinary(AnySchema, bytes), registry);
  } catch {
    // Not an Any: a command or ticket of somebody else's making.
    return undefined;
  }
}

function isCommand(message: Message): message is SqlCommand {
  return message.$typeName.startsWith(`${sqlPackage}Command`);
}

function isSql(typeName: string): boolean {
  return typeName.startsWith(sqlPackage);
}
