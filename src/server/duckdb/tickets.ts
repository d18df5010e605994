import { randomBytes } from "node:crypto";
import { create, createRegistry, fromBinary } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type CommandPreparedStatementQuery,
  CommandPreparedStatementQuerySchema,
  type CommandStatementQuery,
  CommandStatementQuerySchema,
  type TicketStatementQuery,
  TicketStatementQuerySchema,
} from "../../gen/FlightSql_pb.ts";
import { readTicket as readTicketMessage, writeAny } from "../messages.ts";

/*
 * A statement's ticket is 16 random bytes, by which it can be told from another of the same text and cancelled, then the
 * command. Any server over the same database could redeem that of a plain query.
 */
const idBytes = 16;
const numberBytes = 4;
const registry = createRegistry(CommandStatementQuerySchema, CommandPreparedStatementQuerySchema);

export type ReadCommand = CommandStatementQuery | CommandPreparedStatementQuery;

export function writeTicket(command: ReadCommand): TicketStatementQuery {
  return create(TicketStatementQuerySchema, {
    statementHandle: Buffer.concat([randomBytes(idBytes), writeAny(command)]),
  });
}

export function readTicket({ statementHandle }: TicketStatementQuery): { id: string; command: ReadCommand } {
  try {
    const message = anyUnpack(fromBinary(AnySchema, statementHandle.subarray(idBytes)), registry);
    if (!message) throw unknownTicket();
    return { id: hex(statementHandle.subarray(0, idBytes)), command: message as ReadCommand };
  } catch {
    throw unknownTicket();
  }
}

/** A place in a polled query: a part of its result in a ticket, the parts already told of in the descriptor of a poll. */
export interface PollPlace {
  readonly id: Uint8Array;
  readonly number: number;
}

/** What stands for a polled query: the query's id and a number, where a statement's ticket has id and command. */
export function writePoll({ id, number }: PollPlace): Uint8Array {
  return writeAny(create(TicketStatementQuerySchema, { statementHandle: numbered(id, number) }));
}

/** Undefined for a statement's ticket. */
export function pollPlace({ statementHandle }: TicketStatementQuery): PollPlace | undefined {
  if (statementHandle.byteLength !== idBytes + numberBytes) return undefined;
  return { id: statementHandle.subarray(0, idBytes), number: Buffer.from(statementHandle).readUInt32BE(idBytes) };
}

/** Undefined for bytes that are something else, or none. */
export function readPoll(bytes: Uint8Array | undefined): PollPlace | undefined {
  const ticket = statementTicket(bytes);
  return ticket && pollPlace(ticket);
}

/** Undefined for a ticket of another kind. */
export function statementTicket(bytes: Uint8Array | undefined): TicketStatementQuery | undefined {
  const ticket = readTicketMessage(bytes ?? new Uint8Array(0));
  if (ticket.kind !== "sql") return undefined;
  const { message } = ticket;
  return message.$typeName === "arrow.flight.protocol.sql.TicketStatementQuery" ? message : undefined;
}

/** An id as a text. */
export function hex(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}

/** A prepared statement's handle is its id. In a ticket, the number of what was bound when it was planned follows. */
export function withBinding(id: Uint8Array, binding: number): Uint8Array {
  return numbered(id, binding);
}

function numbered(id: Uint8Array, number: number): Uint8Array {
  const bytes = Buffer.alloc(idBytes + numberBytes);
  bytes.set(id);
  bytes.writeUInt32BE(number, idBytes);
  return bytes;
}

export function readHandle(handle: Uint8Array): { id: Uint8Array; binding: number | undefined } {
  const id = handle.subarray(0, idBytes);
  const hasBinding = handle.byteLength === idBytes + numberBytes;
  return { id, binding: hasBinding ? Buffer.from(handle).readUInt32BE(idBytes) : undefined };
}

export function unknownTicket(): ConnectError {
  return new ConnectError("The ticket is none of this server's.", Code.InvalidArgument);
}
