import { type Code, ConnectError } from "@connectrpc/connect";

/** The sixteen gRPC status names, as `FlightSqlError.code` spells them. */
export type FlightSqlErrorCode = (typeof codes)[number];

// Index = gRPC status number minus one: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const codes = [
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** What a `FlightSqlError` is made of besides its code and message. */
export interface FlightSqlErrorInit {
  /** Headers and trailers of the response, merged. */
  metadata?: Headers | undefined;
  /** `google.rpc.Status` details: the type name and the bytes of each. */
  details?: readonly { readonly type: string; readonly value: Uint8Array }[] | undefined;
  /** Rows that an update or ingest had changed before it failed. */
  recordCount?: bigint | undefined;
  cause?: unknown;
}

const brand = Symbol.for("flightsql.FlightSqlError");

/**
 * Everything this package throws on purpose.
 *
 * `instanceof` also holds for errors of another copy of the package, so that a library and an application that
 * bundle it twice understand each other.
 *
 * @example
 * ```ts
 * import { FlightSqlClient, FlightSqlError } from "flightsql";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * try {
 *   await client.query("SELECT * FROM missing").table();
 * } catch (error) {
 *   if (error instanceof FlightSqlError && error.code === "not_found") console.error(error.message);
 *   else throw error;
 * } finally {
 *   await client.close();
 * }
 * ```
 */
export class FlightSqlError extends Error {
  /** The gRPC status by name, for example `"not_found"`. */
  readonly code: FlightSqlErrorCode;
  /** The gRPC status by number, 1 to 16. */
  readonly grpcCode: number;
  /** Response headers and trailers, merged; empty when no response came. */
  readonly metadata: Headers;
  /** `google.rpc.Status` details: the type name and the bytes of each. */
  readonly details: readonly { readonly type: string; readonly value: Uint8Array }[];
  /** Rows that an update or ingest had changed before it failed, when the server said so; -1n when it does not know. */
  readonly recordCount: bigint | undefined;

  constructor(code: FlightSqlErrorCode, message: string, init: FlightSqlErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "FlightSqlError";
    this.code = code;
    this.grpcCode = codes.indexOf(code) + 1;
    this.metadata = init.metadata ?? new Headers();
    this.details = init.details ?? [];
    this.recordCount = init.recordCount;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }

  /** What a log may show: no metadata, which may tell of sessions, and `recordCount` as text, since JSON has no bigint. */
  toJSON(): { name: string; code: FlightSqlErrorCode; message: string; recordCount?: string } {
    const { name, code, message, recordCount } = this;
    return { name, code, message, ...(recordCount !== undefined && { recordCount: String(recordCount) }) };
  }

  /** @internal The same error with a remark behind its message, and the rows that had changed. */
  annotated(remark: string, recordCount: bigint | undefined = this.recordCount): FlightSqlError {
    const { code, message, metadata, details, cause } = this;
    return new FlightSqlError(code, remark === "" ? message : `${message} (${remark})`, {
      metadata,
      details,
      cause,
      recordCount,
    });
  }

  /**
   * Any thrown value as a `FlightSqlError`; one that is already such an error is returned as it is.
   *
   * @param where says which call to which server failed, for example `"DoGet to http://127.0.0.1:8080"`
   * @param redact removes secrets from text that came from outside
   */
  static from(thrown: unknown, where?: string, redact: (text: string) => string = (text) => text): FlightSqlError {
    if (thrown instanceof FlightSqlError) return thrown as FlightSqlError;
    const prefix = where === undefined ? "" : `${where}: `;
    if (thrown instanceof ConnectError) {
      // The ConnectError itself is not kept as the cause: its text and metadata are those of the wire, unredacted.
      return new FlightSqlError(codeName(thrown.code), prefix + redact(thrown.rawMessage), {
        metadata: withoutSecrets(thrown.metadata, redact),
        details: thrown.details.flatMap((d) =>
          "type" in d && isClean(new TextDecoder().decode(d.value), redact) ? [{ type: d.type, value: d.value }] : [],
        ),
        cause: thrown.cause,
      });
    }
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new FlightSqlError(ownCode(thrown), prefix + redact(text), { cause: thrown });
  }
}

/** Errors that are not a server's: of the decoder, of an abort, of the caller's own functions. */
function ownCode(thrown: unknown): FlightSqlErrorCode {
  if (!(thrown instanceof Error)) return "unknown";
  if (thrown.name === "AbortError") return "canceled";
  if (thrown.name === "TimeoutError") return "deadline_exceeded";
  return "unknown";
}

/** Servers do quote the credentials that they refuse: as they are, percent-encoded in grpc-message, or in bytes. */
function withoutSecrets(metadata: Headers, redact: (text: string) => string): Headers {
  const kept = new Headers();
  for (const [name, value] of metadata) {
    if (["authorization", "set-cookie", "auth-token-bin"].includes(name)) continue;
    if (isClean(decoded(name, value), redact)) kept.append(name, redact(value));
  }
  return kept;
}

function isClean(text: string, redact: (text: string) => string): boolean {
  return redact(text) === text;
}

/** What an encoded value says; nothing when it is not encoded. */
function decoded(name: string, value: string): string {
  try {
    if (name === "grpc-message") return decodeURIComponent(value);
    return name.endsWith("-bin") ? atob(value) : "";
  } catch {
    return "";
  }
}

function codeName(code: Code): FlightSqlErrorCode {
  return codes[code - 1] ?? "unknown";
}
