// Every public name that is the same on all platforms, one by one: an addition here is an addition to the API.

export type { ParameterSet, ParameterValue } from "../arrow/params.ts";
export type { RowInput } from "../arrow/row-batch.ts";
export type { RowOptions } from "../arrow/rows.ts";
export { type Interval, type ValueOptions, type ValueReader, valueReader } from "../arrow/values.ts";
export { FlightSqlError, type FlightSqlErrorCode } from "../errors.ts";
export type { FlightClient, FlightPutOptions } from "../flight/client.ts";
export type { CallEnded, CallEvent, CallFirstByte, CallRetried, CallStarted } from "../flight/events.ts";
export type { FlightExchange } from "../flight/exchange.ts";
export type { FlightDescriptor, FlightEndpoint, FlightInfo, PollInfo } from "../flight/model.ts";
export type { ClientOptions, TlsOptions } from "../flight/options.ts";
export type { FlightPutChunk, FlightPutInput } from "../flight/put.ts";
export type { FlightStreamChunk, FlightStreamReader } from "../flight/reader.ts";
export type { RetryOptions } from "../flight/retry.ts";
export type { CallOptions, Metadata } from "../flight/scope.ts";
export type { CancelResult, CloseSessionResult, SessionOptionError, SessionOptionValue } from "../flight/session.ts";
export { SqlInfo } from "../gen/FlightSql_pb.ts";
export type { SqlInfoValue } from "./info.ts";
export type { IngestInput, IngestMode, IngestOptions, TableLike } from "./ingest.ts";
export {
  type DbSchemaFilter,
  escapeLikePattern,
  type TableFilter,
  type TableInfo,
  type TableRef,
  type TablesResult,
} from "./metadata.ts";
export type { Parameters, PreparedStatement } from "./prepared.ts";
export type { Progress, QueryOptions } from "./progress.ts";
export type { QueryResult } from "./result.ts";
export type { IpcOptions } from "./result-stream.ts";
export type { SubstraitPlan } from "./statements.ts";
export type { Savepoint, Transaction } from "./transaction.ts";
