import { Code, ConnectError } from "@connectrpc/connect";

// The words DuckDB starts its messages with; the first that fits. What is not listed is the statement's own fault, also
// values that a NOT NULL or CHECK constraint refuses. Codes as in google/rpc/code.proto: a foreign key that is broken
// depends on what other tables hold, so another statement has to come first.
const codes: readonly (readonly [RegExp, Code])[] = [
  // Two transactions that insert the same key learn of it when the second one commits.
  [/^(Constraint|TransactionContext) Error: .*([Dd]uplicate key "|contains duplicates)/, Code.AlreadyExists],
  [/^Catalog Error: .* already exists!/, Code.AlreadyExists],
  [/^Constraint Error: Violates foreign key constraint/, Code.FailedPrecondition],
  [/^Out of Range Error|^Conversion Error: .* out of range /, Code.OutOfRange],
  [/^INTERRUPT Error/, Code.Canceled],
  [/^Out of Memory Error/, Code.ResourceExhausted],
  [/^Permission Error/, Code.PermissionDenied],
  [/^TransactionContext Error|^Transaction Error/, Code.Aborted],
  [/^(IO|INTERNAL|FATAL|Connection|HTTP) Error/, Code.Internal],
  [/^Not implemented Error/, Code.Unimplemented],
];

/** A DuckDB failure as the status it is reported with: DuckDB's own text, and a code by its kind. */
export function duckdbError(reason: unknown): ConnectError {
  if (reason instanceof ConnectError) return reason;
  const message = (reason instanceof Error ? reason.message : String(reason))
    // What node-api and the C API put in front of DuckDB's own words.
    .replace(/^(Failed to extract statements: |Error: )+/, "")
    .trim();
  const code = codes.find(([pattern]) => pattern.test(message))?.[1] ?? Code.InvalidArgument;
  return new ConnectError(message, code, undefined, undefined, reason);
}
