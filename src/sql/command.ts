import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import { FlightSqlError } from "../errors.ts";
import { readAnswer } from "../flight/answer.ts";
import { type FlightDescriptor, FlightDescriptor_DescriptorType, FlightDescriptorSchema } from "../gen/Flight_pb.ts";
import {
  type DoPutPreparedStatementResult,
  DoPutPreparedStatementResultSchema,
  DoPutUpdateResultSchema,
} from "../gen/FlightSql_pb.ts";

// Flight SQL puts its commands into Flight's opaque bytes as google.protobuf.Any, so that a server can tell them apart.

/** A command and its fields as the descriptor of GetFlightInfo, GetSchema or DoPut. */
export function toDescriptor<T extends DescMessage>(command: T, fields: MessageInitShape<T>): FlightDescriptor {
  return create(FlightDescriptorSchema, { type: FlightDescriptor_DescriptorType.CMD, cmd: packAny(command, fields) });
}

/** Whether a command asks for metadata, which changes nothing: FlightSql.proto names all of those CommandGet…. */
export function isMetadata(command: DescMessage): boolean {
  return command.name.startsWith("CommandGet");
}

/** A message inside an Any, as bytes. */
export function packAny<T extends DescMessage>(message: T, fields: MessageInitShape<T>): Uint8Array {
  const any = { typeUrl: `type.googleapis.com/${message.typeName}`, value: toBinary(message, create(message, fields)) };
  return toBinary(AnySchema, create(AnySchema, any));
}

/**
 * The message inside an Any.
 *
 * @throws FlightSqlError `internal` when it is another one
 */
export function unpackAny<T extends DescMessage>(message: T, bytes: Uint8Array): MessageShape<T> {
  const any = readAnswer(AnySchema, bytes);
  if (!holds(any, message)) {
    throw new FlightSqlError("internal", `the server answered with "${any.typeUrl}" where ${message.typeName} was due`);
  }
  return readAnswer(message, any.value);
}

/** How many rows an update changed; -1 when the server does not know. */
export function readUpdateResult(appMetadata: Uint8Array): bigint {
  return readAnswer(DoPutUpdateResultSchema, withoutAny(appMetadata, DoPutUpdateResultSchema)).recordCount;
}

export function readPreparedResult(appMetadata: Uint8Array): DoPutPreparedStatementResult {
  return readAnswer(DoPutPreparedStatementResultSchema, withoutAny(appMetadata, DoPutPreparedStatementResultSchema));
}

/**
 * PutResult metadata is the bare message, but arrow-rs wrapped it in an Any until the end of 2024.
 *
 * Both may begin with field 1, so only the type URL tells them apart.
 */
function withoutAny(bytes: Uint8Array, message: DescMessage): Uint8Array {
  try {
    const any = fromBinary(AnySchema, bytes);
    return holds(any, message) ? any.value : bytes;
  } catch {
    return bytes;
  }
}

// The part behind the last slash names the type; what stands before it is the server's business.
function holds(any: Any, message: DescMessage): boolean {
  return any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1) === message.typeName;
}
