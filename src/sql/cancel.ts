import { toBinary } from "@bufbuild/protobuf";
import { FlightSqlError } from "../errors.ts";
import { runAction } from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import type { FlightInfo } from "../flight/model.ts";
import type { CallOptions } from "../flight/scope.ts";
import { type CancelResult, cancelFlightInfo } from "../flight/session.ts";
import { FlightInfoSchema } from "../gen/Flight_pb.ts";
import {
  ActionCancelQueryRequestSchema,
  ActionCancelQueryResult_CancelResult,
  ActionCancelQueryResultSchema,
} from "../gen/FlightSql_pb.ts";
import { packAny, unpackAny } from "./command.ts";

// Long enough for a busy server, short enough for somebody who waits for the prompt to come back.
const cancelMs = 5000;

/** Stops the query behind a FlightInfo: by CancelFlightInfo or, where that is unknown, by the older CancelQuery. */
export function cancelQuery(
  connection: Connection,
  info: FlightInfo,
  options: CallOptions = {},
): Promise<CancelResult> {
  return connection.run({ timeoutMs: cancelMs, ...options }, async (scope) => {
    try {
      return await cancelFlightInfo(connection, scope, info.message);
    } catch (thrown) {
      if (!isUnknownAction(thrown)) throw thrown;
    }
    // FlightSql.proto does not import Flight.proto, so the FlightInfo goes as bytes.
    const request = packAny(ActionCancelQueryRequestSchema, { info: toBinary(FlightInfoSchema, info.message) });
    const answer = await runAction(connection, scope, "CancelQuery", request);
    return results[unpackAny(ActionCancelQueryResultSchema, answer).result] ?? "unspecified";
  });
}

const results: Readonly<Record<number, CancelResult>> = {
  [ActionCancelQueryResult_CancelResult.CANCELLED]: "cancelled",
  [ActionCancelQueryResult_CancelResult.CANCELLING]: "cancelling",
  [ActionCancelQueryResult_CancelResult.NOT_CANCELLABLE]: "not_cancellable",
};

/** arrow-go answers `invalid_argument` to actions that it does not know. */
function isUnknownAction(thrown: unknown): boolean {
  return thrown instanceof FlightSqlError && (thrown.code === "unimplemented" || thrown.code === "invalid_argument");
}
