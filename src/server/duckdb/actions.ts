import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { CancelFlightInfoResultSchema, CancelStatus, type FlightInfo, FlightInfoSchema } from "../../gen/Flight_pb.ts";
import {
  ActionCancelQueryResultSchema,
  ActionCancelQueryResult_CancelResult as CancelResult,
} from "../../gen/FlightSql_pb.ts";
import type { Action, ActionAnswer, Call } from "../backend.ts";
import { unimplemented } from "../routes.ts";
import type { Connections } from "./connections.ts";
import type { Reads } from "./reads.ts";
import type { Statements } from "./statements.ts";

export const actions: readonly { readonly type: string; readonly description: string }[] = [
  { type: "BeginTransaction", description: "Begins a transaction." },
  { type: "EndTransaction", description: "Commits a transaction, or rolls it back." },
  { type: "CreatePreparedStatement", description: "Prepares a statement." },
  { type: "ClosePreparedStatement", description: "Closes a prepared statement." },
  { type: "CancelFlightInfo", description: "Stops a query." },
  { type: "CancelQuery", description: "Stops a query; CancelFlightInfo by its former name." },
  { type: "RenewFlightEndpoint", description: "Keeps the result of a polled query for longer." },
  { type: "SetSessionOptions", description: "Sets catalog or schema of a session." },
  { type: "GetSessionOptions", description: "Gives the options that were set." },
  { type: "CloseSession", description: "Ends a session." },
];

/** Does an action; undefined for those that answer nothing. */
export async function act(
  action: Action,
  call: Call,
  { connections, statements, reads }: { connections: Connections; statements: Statements; reads: Reads },
): Promise<ActionAnswer | undefined> {
  if (action.kind !== "standard") throw unimplemented(`Action ${action.type}`);
  const { request } = action;
  const { sessions } = connections;
  switch (request.$typeName) {
    case "arrow.flight.protocol.sql.ActionBeginTransactionRequest":
      return await connections.begin(call);
    case "arrow.flight.protocol.sql.ActionEndTransactionRequest":
      await connections.end(request);
      return undefined;
    case "arrow.flight.protocol.sql.ActionCreatePreparedStatementRequest":
      return await statements.prepare(request, call);
    case "arrow.flight.protocol.sql.ActionClosePreparedStatementRequest":
      statements.end(request);
      return undefined;
    case "arrow.flight.protocol.CancelFlightInfoRequest": {
      const status = reads.cancel(request.info) ? CancelStatus.CANCELLED : CancelStatus.NOT_CANCELLABLE;
      return create(CancelFlightInfoResultSchema, { status });
    }
    case "arrow.flight.protocol.sql.ActionCancelQueryRequest": {
      const stopped = reads.cancel(readInfo(request.info));
      const result = stopped ? CancelResult.CANCELLED : CancelResult.NOT_CANCELLABLE;
      return create(ActionCancelQueryResultSchema, { result });
    }
    case "arrow.flight.protocol.RenewFlightEndpointRequest":
      return reads.renew(request.endpoint);
    case "arrow.flight.protocol.SetSessionOptionsRequest":
      return await connections.database.use((connection) => sessions.set(request, call, connection));
    case "arrow.flight.protocol.GetSessionOptionsRequest":
      return sessions.get(call);
    case "arrow.flight.protocol.CloseSessionRequest":
      return sessions.end(call);
    default:
      throw unimplemented(`Action ${action.type}`);
  }
}

function readInfo(bytes: Uint8Array): FlightInfo {
  try {
    return fromBinary(FlightInfoSchema, bytes);
  } catch {
    throw new ConnectError("CancelQuery needs the FlightInfo of the query.", Code.InvalidArgument);
  }
}
