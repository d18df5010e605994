import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Schema } from "apache-arrow";
import {
  FlightDescriptor_DescriptorType,
  type FlightDescriptor as FlightDescriptorMessage,
  FlightDescriptorSchema,
  type FlightEndpoint as FlightEndpointMessage,
  FlightEndpointSchema,
  type FlightInfo as FlightInfoMessage,
  type PollInfo as PollInfoMessage,
} from "../gen/Flight_pb.ts";
import { readAnswerSchema } from "./answer.ts";

/** What to read or write: a path of names, or a command whose bytes the server understands. `FlightDescriptor`. */
export type FlightDescriptor = { readonly path: readonly string[] } | { readonly cmd: Uint8Array };

/** One part of a result and where it can be read. `FlightEndpoint`. */
export interface FlightEndpoint {
  /** Opaque; redeemed by `doGet`. */
  readonly ticket: Uint8Array;
  /** URIs of servers, any of which has the data; none means the server that gave the FlightInfo. */
  readonly locations: readonly string[];
  /** Nanoseconds since 1970 until which the part may be read, and read again; null when the server does not say. */
  readonly expirationTime: bigint | null;
  readonly appMetadata: Uint8Array;
  /** The generated message, unknown fields kept. */
  readonly message: FlightEndpointMessage;
}

/** How a result can be fetched. `FlightInfo`. */
export interface FlightInfo {
  /** Null when the server leaves it out; the stream's own schema is the one that counts. */
  readonly schema: Schema | null;
  readonly endpoints: readonly FlightEndpoint[];
  /** Whether the endpoints, read in order, are the result's order. */
  readonly ordered: boolean;
  /** -1 when unknown; 0 also from servers that do not fill it in. */
  readonly totalRecords: bigint;
  /** -1 when unknown; 0 also from servers that do not fill it in. */
  readonly totalBytes: bigint;
  readonly appMetadata: Uint8Array;
  /** The generated message, unknown fields kept: what `cancel` sends back. */
  readonly message: FlightInfoMessage;
}

/** How far a long query is. `PollInfo`. */
export interface PollInfo {
  /** Everything that can be read so far; null while there is nothing. */
  readonly info: FlightInfo | null;
  /** What to poll with next; null when the query is complete. */
  readonly descriptor: FlightDescriptorMessage | null;
  /** 0 to 1, not necessarily rising; null when the server does not say. */
  readonly progress: number | null;
  /** Nanoseconds since 1970 after which the query may be forgotten; null when the server does not say. */
  readonly expirationTime: bigint | null;
  readonly message: PollInfoMessage;
}

export function toDescriptor(descriptor: FlightDescriptor | FlightDescriptorMessage): FlightDescriptorMessage {
  if ("$typeName" in descriptor) return descriptor;
  if ("path" in descriptor)
    return create(FlightDescriptorSchema, { type: FlightDescriptor_DescriptorType.PATH, path: [...descriptor.path] });
  return create(FlightDescriptorSchema, { type: FlightDescriptor_DescriptorType.CMD, cmd: descriptor.cmd });
}

export function fromInfo(message: FlightInfoMessage): FlightInfo {
  let schema: Schema | null | undefined;
  return {
    // Decoded when asked for: most callers take the stream's schema.
    get schema() {
      if (schema === undefined) schema = readAnswerSchema(message.schema);
      return schema;
    },
    endpoints: message.endpoint.map(fromEndpoint),
    ordered: message.ordered,
    totalRecords: message.totalRecords,
    totalBytes: message.totalBytes,
    appMetadata: message.appMetadata,
    message,
  };
}

export function fromEndpoint(message: FlightEndpointMessage): FlightEndpoint {
  return {
    ticket: message.ticket?.ticket ?? new Uint8Array(0),
    locations: message.location.map((location) => location.uri),
    expirationTime: toNanoseconds(message.expirationTime),
    appMetadata: message.appMetadata,
    message,
  };
}

/** An endpoint that is nothing but its ticket: read from the client's own server. */
export function ticketEndpoint(ticket: Uint8Array): FlightEndpoint {
  return fromEndpoint(create(FlightEndpointSchema, { ticket: { ticket } }));
}

export function fromPollInfo(message: PollInfoMessage): PollInfo {
  return {
    info: message.info === undefined ? null : fromInfo(message.info),
    descriptor: message.flightDescriptor ?? null,
    progress: message.progress ?? null,
    expirationTime: toNanoseconds(message.expirationTime),
    message,
  };
}

function toNanoseconds(time: Timestamp | undefined): bigint | null {
  return time === undefined ? null : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}
