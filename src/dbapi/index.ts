// Python's DB-API 2.0 (PEP 249) for Flight SQL, as flightsql-dbapi has it, in JavaScript's spelling: asynchronous
// methods, names in camel case, null for None.

export { type Connection, type ConnectOptions, connect } from "./connection.ts";
export type { Cursor } from "./cursor.ts";
export {
  DatabaseError,
  DataError,
  DbApiError as Error,
  IntegrityError,
  InterfaceError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
  Warning,
} from "./errors.ts";
export type { ColumnInfo, ForeignKey, PrimaryKey, ReflectionOptions } from "./reflection.ts";
export type { ColumnDescription, SqlType } from "./types.ts";

/** The version of the DB-API. */
export const apiLevel = "2.0";

/** How parameters are written in SQL: question marks. Servers that know names (`$id`, `:id`) are given an object. */
export const paramStyle = "qmark";

/**
 * Threads may share the module, not connections: workers share no objects, each has its own. Within one thread calls
 * that overlap are safe: those on one cursor wait for each other.
 */
export const threadSafety = 1;
