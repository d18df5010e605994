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
import { writeAny } from "../messages.ts";

/*
 * A statement's ticket is 16 random bytes, by which it can be told from another of the same text and cancelled, then the
 * command. Any server over the same database could redeem that of a plain query.
 */
const idBytes = 16;
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
    return { id: Buffer.from(statementHandle.subarray(0, idBytes)).toString("hex"), command: message as ReadCommand };
  } catch {
    throw unknownTicket();
  }
}

/** A prepared statement's handle is its id. In a ticket, the number of what was bound when it was planned follows. */
export function withBinding(id: Uint8Array, binding: number): Uint8Array {
  const handle = Buffer.alloc(idBytes + 4);
  handle.set(id);
  handle.writeUInt32BE(binding, idBytes);
  return handle;
}

export function readHandle(handle: Uint8Array): { id: Uint8Array; binding: number | undefined } {
  const id = handle.subarray(0, idBytes);
  const hasBinding = handle.byteLength === idBytes + 4;
  return { id, binding: hasBinding ? Buffer.from(handle).readUInt32BE(idBytes) : undefined };
}

export function unknownTicket(): ConnectError {
  return new ConnectError("The ticket is none of this server's.", Code.InvalidArgument);
}
