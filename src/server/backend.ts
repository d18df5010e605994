import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RecordBatch, Schema } from "apache-arrow";
import type {
  CancelFlightInfoRequest,
  CloseSessionRequest,
  FlightInfoSchema,
  GetSessionOptionsRequest,
  PollInfoSchema,
  RenewFlightEndpointRequest,
  SetSessionOptionsRequest,
} from "../gen/Flight_pb.ts";
import type * as sql from "../gen/FlightSql_pb.ts";

/** The commands of Flight SQL that a descriptor carries. */
export type SqlCommand =
  | sql.CommandStatementQuery
  | sql.CommandStatementSubstraitPlan
  | sql.CommandPreparedStatementQuery
  | sql.CommandStatementUpdate
  | sql.CommandPreparedStatementUpdate
  | sql.CommandStatementIngest
  | sql.CommandGetCatalogs
  | sql.CommandGetDbSchemas
  | sql.CommandGetTables
  | sql.CommandGetTableTypes
  | sql.CommandGetPrimaryKeys
  | sql.CommandGetExportedKeys
  | sql.CommandGetImportedKeys
  | sql.CommandGetCrossReference
  | sql.CommandGetSqlInfo
  | sql.CommandGetXdbcTypeInfo;

/** What a descriptor asks for: a Flight SQL command, a path, or bytes of some other protocol. */
export type Command =
  | { readonly kind: "sql"; readonly message: SqlCommand }
  | { readonly kind: "path"; readonly path: readonly string[] }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** A ticket: a Flight SQL one (metadata commands are their own ticket), or bytes that only the backend understands. */
export type Ticket =
  | { readonly kind: "sql"; readonly message: sql.TicketStatementQuery | SqlCommand }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** The requests of the standard actions, unpacked. */
export type ActionRequest =
  | CancelFlightInfoRequest
  | RenewFlightEndpointRequest
  | SetSessionOptionsRequest
  | GetSessionOptionsRequest
  | CloseSessionRequest
  | sql.ActionCreatePreparedStatementRequest
  | sql.ActionCreatePreparedSubstraitPlanRequest
  | sql.ActionClosePreparedStatementRequest
  | sql.ActionBeginTransactionRequest
  | sql.ActionEndTransactionRequest
  | sql.ActionBeginSavepointRequest
  | sql.ActionEndSavepointRequest
  | sql.ActionCancelQueryRequest;

/** An action by its standard name with its request, or any other with the bytes it came with. */
export type Action =
  | { readonly kind: "standard"; readonly type: string; readonly request: ActionRequest }
  | { readonly kind: "other"; readonly type: string; readonly body: Uint8Array };

/** One message of data: a batch, with metadata beside it, or metadata alone. */
export interface Chunk {
  readonly batch: RecordBatch | null;
  readonly appMetadata?: Uint8Array;
}

/** A stream of Arrow data. Its chunks are asked for one at a time, as the reader takes them. */
export interface Result {
  /** Absent only where a DoExchange answers with metadata alone. */
  readonly schema?: Schema;
  readonly chunks: AsyncIterable<Chunk>;
}

/** What a client uploads, after the descriptor. */
export interface Upload extends AsyncIterable<Chunk> {
  /** Reads up to the schema; null when the stream ends, or brings metadata, before one. */
  schema(): Promise<Schema | null>;
}

/** What a backend may know of a call, and how it answers besides its result. */
export interface Call {
  /** Aborts when the client has gone, has cancelled, or its deadline has passed. */
  readonly signal: AbortSignal;
  readonly requestHeader: Headers;
  readonly responseHeader: Headers;
  readonly responseTrailer: Headers;
}

/** The answer to a descriptor; the descriptor itself is filled in. */
export type Info = Omit<MessageInitShape<typeof FlightInfoSchema>, "flightDescriptor" | "$typeName">;

/**
 * What stands behind a Flight SQL service. What is left out, is answered with `unimplemented`.
 *
 * Errors of `ConnectError` reach the client as they are; of any other, it learns only that the call failed.
 */
export interface Backend {
  /** Plans a read: schema, tickets, and where to redeem them. Reads nothing. */
  getFlightInfo?(command: Command, call: Call): Promise<Info>;
  /** The schema alone. Without it, that of `getFlightInfo` is taken. */
  getSchema?(command: Command, call: Call): Promise<Schema>;
  /**
   * Starts a read, or, for the descriptor of its own last answer, tells what has become of it. Answers when there is
   * something new, or after a while.
   */
  pollFlightInfo?(command: Command, call: Call): Promise<MessageInitShape<typeof PollInfoSchema>>;
  listFlights?(expression: Uint8Array, call: Call): AsyncIterable<MessageInitShape<typeof FlightInfoSchema>>;
  /** Redeems a ticket. Its chunks stop being asked for, or `call.signal` aborts, when the reader goes. */
  doGet?(ticket: Ticket, call: Call): Promise<Result>;
  /** Takes an upload; yields what goes to `PutResult.app_metadata`. */
  doPut?(command: Command, upload: Upload, call: Call): AsyncIterable<PutAnswer>;
  doExchange?(command: Command, upload: Upload, call: Call): Promise<Result>;
  /** Yields messages, which are packed as their action demands, or the bytes of a result. */
  doAction?(action: Action, call: Call): AsyncIterable<ActionAnswer>;
  /** What `ListActions` names. */
  readonly actions?: readonly { readonly type: string; readonly description: string }[];
  /** Answers handshake payloads; a bearer token may be put into `call.responseHeader`. */
  handshake?(payloads: AsyncIterable<Uint8Array>, call: Call): AsyncIterable<Uint8Array>;
  /** Frees what the backend holds; called by nobody but its owner. */
  close?(): Promise<void>;
}

/** A message of Flight or Flight SQL, or bytes as they are. */
export type ActionAnswer = { readonly $typeName: string } | Uint8Array;

export type PutAnswer = sql.DoPutUpdateResult | sql.DoPutPreparedStatementResult | Uint8Array;
