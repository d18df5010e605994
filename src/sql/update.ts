import { Schema } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import { doPut } from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import { encodeStream, type FlightPutInput } from "../flight/put.ts";
import type { CallScope } from "../flight/scope.ts";
import type { FlightDescriptor } from "../gen/Flight_pb.ts";
import { readUpdateResult } from "./command.ts";

/** Sends a command that changes data, with its rows if it has any, and reads how many rows changed. */
export async function runUpdate(
  connection: Connection,
  scope: CallScope,
  descriptor: FlightDescriptor,
  input: FlightPutInput = [],
  schema: Schema = new Schema([]),
): Promise<bigint> {
  let count: bigint | undefined;
  // Read to the end: an error may follow the count.
  try {
    for await (const { appMetadata } of doPut(connection, scope, encodeStream(descriptor, input, schema))) {
      count ??= readUpdateResult(appMetadata);
    }
  } catch (thrown) {
    if (count === undefined || !(thrown instanceof FlightSqlError)) throw thrown;
    throw (thrown as FlightSqlError).annotated(count === 0n ? "" : `after ${count} rows`, count);
  }
  if (count === undefined)
    throw new FlightSqlError(
      "internal",
      `DoPut to ${connection.origin.uri}: the server did not say how many rows changed`,
    );
  return count;
}
