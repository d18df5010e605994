import { FlightSqlError } from "../errors.ts";
import { runAction } from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import type { CallScope } from "../flight/scope.ts";
import {
  ActionBeginTransactionRequestSchema,
  ActionBeginTransactionResultSchema,
  ActionEndTransactionRequestSchema,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from "../gen/FlightSql_pb.ts";
import { packAny, unpackAny } from "./command.ts";

/** BeginTransaction, for those that need no `Transaction` around the id. */
export async function beginTransactionId(connection: Connection, scope: CallScope): Promise<Uint8Array> {
  const answer = await runAction(
    connection,
    scope,
    "BeginTransaction",
    packAny(ActionBeginTransactionRequestSchema, {}),
  );
  const { transactionId } = unpackAny(ActionBeginTransactionResultSchema, answer);
  if (transactionId.byteLength === 0) {
    throw new FlightSqlError(
      "internal",
      `BeginTransaction to ${connection.origin.uri}: the server gave the transaction no id`,
    );
  }
  return transactionId;
}

/**
 * EndTransaction.
 *
 * @throws FlightSqlError whose message says so when the connection failed and nobody knows whether it committed
 */
export async function endTransactionId(
  connection: Connection,
  scope: CallScope,
  transactionId: Uint8Array,
  how: "commit" | "rollback",
): Promise<void> {
  const action = how === "commit" ? EndTransaction.COMMIT : EndTransaction.ROLLBACK;
  try {
    await runAction(
      connection,
      scope,
      "EndTransaction",
      packAny(ActionEndTransactionRequestSchema, { transactionId, action }),
    );
  } catch (thrown) {
    throw how === "commit" ? unknownOutcome(thrown) : thrown;
  }
}

/** After these nobody on this side knows whether the server had received the commit. */
const uncertain = new Set(["unavailable", "deadline_exceeded", "canceled", "unknown", "internal"]);

function unknownOutcome(thrown: unknown): unknown {
  if (!(thrown instanceof FlightSqlError) || !uncertain.has(thrown.code)) return thrown;
  return (thrown as FlightSqlError).annotated(
    "it is not known whether the transaction was committed: look before you repeat it",
  );
}
