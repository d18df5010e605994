import { FlightSqlError, type FlightSqlErrorCode } from "../errors.ts";

// PEP 249 names the classes; `Error` is one of them, which index.ts calls so.

/** The base of the errors of `flightsql/dbapi`: everything it throws on purpose is one of its subclasses. */
export class DbApiError extends Error {
  override readonly name: string = "Error";
  /** The gRPC status by name, for example `"not_found"`. */
  readonly code: FlightSqlErrorCode;
  /** The gRPC status by number, 1 to 16. */
  readonly grpcCode: number;
  /** The error of the client, with the server's metadata and details. */
  declare readonly cause: FlightSqlError;

  constructor(cause: FlightSqlError) {
    super(cause.message, { cause });
    this.code = cause.code;
    this.grpcCode = cause.grpcCode;
  }
}

/** The connection or cursor was used in a way that it cannot be: it is closed. */
export class InterfaceError extends DbApiError {
  override readonly name: string = "InterfaceError";
}

/** The statement, the data or the server failed: the base of the six that say which. */
export class DatabaseError extends DbApiError {
  override readonly name: string = "DatabaseError";
}

/** A value is out of the range of its type. */
export class DataError extends DatabaseError {
  override readonly name: string = "DataError";
}

/** The server, the network or a limit of time: not the statement's fault. */
export class OperationalError extends DatabaseError {
  override readonly name: string = "OperationalError";
}

/** What is to be made is there already. */
export class IntegrityError extends DatabaseError {
  override readonly name: string = "IntegrityError";
}

/** The server failed within itself, or its answer cannot be trusted. */
export class InternalError extends DatabaseError {
  override readonly name: string = "InternalError";
}

/** The statement, its parameters or the order of the calls is wrong. */
export class ProgrammingError extends DatabaseError {
  override readonly name: string = "ProgrammingError";
}

/** The server does not have what was asked for. */
export class NotSupportedError extends DatabaseError {
  override readonly name: string = "NotSupportedError";
}

/** PEP 249's class for remarks that are no errors. Flight SQL has none, so it is never thrown. */
export class Warning extends Error {
  override readonly name: string = "Warning";
}

/** The one table from gRPC's codes to PEP 249's classes. */
const classes: Readonly<Record<FlightSqlErrorCode, new (cause: FlightSqlError) => DatabaseError>> = {
  canceled: OperationalError,
  // Servers that do not sort their failures answer with this one: nothing more is known.
  unknown: DatabaseError,
  invalid_argument: ProgrammingError,
  deadline_exceeded: OperationalError,
  not_found: ProgrammingError,
  already_exists: IntegrityError,
  permission_denied: ProgrammingError,
  resource_exhausted: OperationalError,
  failed_precondition: ProgrammingError,
  aborted: OperationalError,
  out_of_range: DataError,
  unimplemented: NotSupportedError,
  internal: InternalError,
  unavailable: OperationalError,
  data_loss: InternalError,
  unauthenticated: OperationalError,
};

/** Runs `work`; what the client throws becomes the class that the table names, anything else passes. */
export async function mapErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw thrown instanceof FlightSqlError ? new classes[thrown.code](thrown) : thrown;
  }
}

export function closedError(what: "connection" | "cursor"): InterfaceError {
  return new InterfaceError(new FlightSqlError("failed_precondition", `the ${what} is closed`));
}
