import { Code, ConnectError } from "@connectrpc/connect";

// The words DuckDB starts its messages with. What is not listed is the statement's own fault.
const codes: readonly (readonly [RegExp, Code])[] = [
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
