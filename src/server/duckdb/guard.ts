import { Code, ConnectError } from "@connectrpc/connect";
import { StatementType } from "@duckdb/node-api";

/*
 * What DuckDB's own lock leaves open. `allowed_paths` lets a query write a file as well as read it, and the logging
 * functions create files wherever they are told to (and take the process down when they may not).
 */

const refusedTypes: ReadonlyMap<StatementType, string> = new Map([
  [StatementType.COPY, "COPY"],
  [StatementType.EXPORT, "EXPORT DATABASE"],
  [StatementType.LOAD, "LOAD"],
  [StatementType.UPDATE_EXTENSIONS, "UPDATE EXTENSIONS"],
  // A statement made and run in SQL would be looked at by nobody.
  [StatementType.PREPARE, "PREPARE"],
  [StatementType.EXECUTE, "EXECUTE"],
]);

const gap = String.raw`"?(\s|/\*[\s\S]*?\*/|--[^\n]*)*\(`;
const refusedCalls: RegExp = new RegExp(`\\b(enable_logging|disable_logging|truncate_duckdb_logs|query)${gap}`, "i");

/**
 * Refuses what a locked database must not run.
 *
 * @throws ConnectError permission_denied
 */
export function checkStatement(type: StatementType, sql: string): void {
  const name =
    refusedTypes.get(type) ??
    // EXPLAIN ANALYZE runs what it explains; what that is, only the text tells.
    (type === StatementType.EXPLAIN && /\bcopy\b/i.test(sql) ? "EXPLAIN of a COPY" : undefined) ??
    refusedCalls.exec(sql)?.[1];
  if (name !== undefined) {
    throw new ConnectError(
      `${name} is not allowed here: this server's queries may not reach files or the network.`,
      Code.PermissionDenied,
    );
  }
}

/**
 * Refuses SQL's own transaction statements: every statement has a connection of its own, so they would do nothing.
 *
 * @throws ConnectError invalid_argument
 */
export function checkTransaction(type: StatementType): void {
  if (type === StatementType.TRANSACTION) {
    throw new ConnectError(
      "BEGIN, COMMIT and ROLLBACK have no effect as statements: use Flight SQL's transactions.",
      Code.InvalidArgument,
    );
  }
}
