import { create, toBinary } from "@bufbuild/protobuf";
import {
  CancelFlightInfoRequestSchema,
  CancelFlightInfoResultSchema,
  CancelStatus,
  CloseSessionRequestSchema,
  CloseSessionResult_Status,
  CloseSessionResultSchema,
  type FlightEndpoint,
  FlightEndpointSchema,
  type FlightInfo,
  GetSessionOptionsRequestSchema,
  GetSessionOptionsResultSchema,
  RenewFlightEndpointRequestSchema,
  type SessionOptionValue as SessionOptionMessage,
  SessionOptionValueSchema,
  SetSessionOptionsRequestSchema,
  SetSessionOptionsResult_ErrorValue,
  SetSessionOptionsResultSchema,
} from "../gen/Flight_pb.ts";
import { readAnswer } from "./answer.ts";
import { runAction } from "./calls.ts";
import type { Connection } from "./connection.ts";
import type { CallScope } from "./scope.ts";

/** What a server says to a request to cancel. `CancelStatus`. */
export type CancelResult = "unspecified" | "cancelled" | "cancelling" | "not_cancellable";

/** A bigint is sent as int64 and a number as double; null erases the option. `SessionOptionValue`. */
export type SessionOptionValue = string | boolean | bigint | number | readonly string[] | null;

/** Why a server did not set an option. `SetSessionOptionsResult.ErrorValue`. */
export type SessionOptionError = "unspecified" | "invalid_name" | "invalid_value" | "error";

export type CloseSessionResult = "unspecified" | "closed" | "closing" | "not_closeable";

// The core actions of Flight: their messages stand bare in Action.body and Result.body, not in an Any as Flight SQL's do.

export async function cancelFlightInfo(
  connection: Connection,
  scope: CallScope,
  info: FlightInfo,
): Promise<CancelResult> {
  const body = toBinary(CancelFlightInfoRequestSchema, create(CancelFlightInfoRequestSchema, { info }));
  const result = await runAction(connection, scope, "CancelFlightInfo", body);
  return cancelNames[readAnswer(CancelFlightInfoResultSchema, result).status] ?? "unspecified";
}

const cancelNames: Readonly<Record<number, CancelResult>> = {
  [CancelStatus.CANCELLED]: "cancelled",
  [CancelStatus.CANCELLING]: "cancelling",
  [CancelStatus.NOT_CANCELLABLE]: "not_cancellable",
};

export async function renewFlightEndpoint(
  connection: Connection,
  scope: CallScope,
  endpoint: FlightEndpoint,
): Promise<FlightEndpoint> {
  const body = toBinary(RenewFlightEndpointRequestSchema, create(RenewFlightEndpointRequestSchema, { endpoint }));
  return readAnswer(FlightEndpointSchema, await runAction(connection, scope, "RenewFlightEndpoint", body));
}

/** @returns the options that were not set, and why */
export async function setSessionOptions(
  connection: Connection,
  scope: CallScope,
  options: Readonly<Record<string, SessionOptionValue>>,
): Promise<Map<string, SessionOptionError>> {
  const sessionOptions = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, toOption(value)]));
  const body = toBinary(SetSessionOptionsRequestSchema, create(SetSessionOptionsRequestSchema, { sessionOptions }));
  const result = readAnswer(
    SetSessionOptionsResultSchema,
    await runAction(connection, scope, "SetSessionOptions", body),
  );
  return new Map(Object.entries(result.errors).map(([name, { value }]) => [name, errorNames[value] ?? "unspecified"]));
}

const errorNames: Readonly<Record<number, SessionOptionError>> = {
  [SetSessionOptionsResult_ErrorValue.INVALID_NAME]: "invalid_name",
  [SetSessionOptionsResult_ErrorValue.INVALID_VALUE]: "invalid_value",
  [SetSessionOptionsResult_ErrorValue.ERROR]: "error",
};

export async function getSessionOptions(
  connection: Connection,
  scope: CallScope,
): Promise<Map<string, SessionOptionValue>> {
  const body = toBinary(GetSessionOptionsRequestSchema, create(GetSessionOptionsRequestSchema));
  const result = readAnswer(
    GetSessionOptionsResultSchema,
    await runAction(connection, scope, "GetSessionOptions", body, true),
  );
  return new Map(Object.entries(result.sessionOptions).map(([name, value]) => [name, fromOption(value)]));
}

export async function closeSession(connection: Connection, scope: CallScope): Promise<CloseSessionResult> {
  const body = toBinary(CloseSessionRequestSchema, create(CloseSessionRequestSchema));
  const result = readAnswer(CloseSessionResultSchema, await runAction(connection, scope, "CloseSession", body));
  return closeNames[result.status] ?? "unspecified";
}

const closeNames: Readonly<Record<number, CloseSessionResult>> = {
  [CloseSessionResult_Status.CLOSED]: "closed",
  [CloseSessionResult_Status.CLOSING]: "closing",
  [CloseSessionResult_Status.NOT_CLOSEABLE]: "not_closeable",
};

function toOption(value: SessionOptionValue): SessionOptionMessage {
  // Flight.proto: a value without any of its kinds erases the option.
  if (value === null) return create(SessionOptionValueSchema);
  switch (typeof value) {
    case "string":
      return create(SessionOptionValueSchema, { optionValue: { case: "stringValue", value } });
    case "boolean":
      return create(SessionOptionValueSchema, { optionValue: { case: "boolValue", value } });
    case "bigint":
      return create(SessionOptionValueSchema, { optionValue: { case: "int64Value", value } });
    case "number":
      return create(SessionOptionValueSchema, { optionValue: { case: "doubleValue", value } });
    default:
      return create(SessionOptionValueSchema, {
        optionValue: { case: "stringListValue", value: { values: [...value] } },
      });
  }
}

function fromOption({ optionValue }: SessionOptionMessage): SessionOptionValue {
  if (optionValue.case === undefined) return null;
  return optionValue.case === "stringListValue" ? optionValue.value.values : optionValue.value;
}
