import type { Scenario } from "../target.ts";
import * as ingest from "./ingest.ts";
import * as large from "./large.ts";
import * as metadata from "./metadata.ts";
import * as prepared from "./prepared.ts";
import * as queries from "./queries.ts";
import * as sessions from "./sessions.ts";
import * as stopping from "./stopping.ts";
import * as transactions from "./transactions.ts";
import * as updates from "./updates.ts";

/** What every server is asked to do, by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  "every way out of a result gives the same rows": queries.waysOut,
  "execute, then doGet": queries.twoSteps,
  "GetSchema of a query": queries.schemaOf,
  "an empty result keeps its schema": queries.empty,
  "many queries at once": queries.atOnce,
  "a query that fails says why": queries.failing,
  "the client goes on after a failure": queries.afterFailure,
  "progress ends where the result does": queries.progress,
  "polling, or GetFlightInfo where there is none": queries.polling,

  catalogs: metadata.catalogs,
  "database schemas": metadata.dbSchemas,
  "tables by name and kind, with their schemas": metadata.tables,
  "a pattern's wildcards can be escaped": metadata.escaped,
  "table types": metadata.tableTypes,
  "primary keys": metadata.primaryKeys,
  "foreign keys from both sides": metadata.foreignKeys,
  SqlInfo: metadata.sqlInfo,
  "XDBC types": metadata.xdbcTypeInfo,

  "updates count their rows": updates.counts,
  "an update that fails says why": updates.failing,

  "values go in as parameters and come out the same": prepared.roundTrip,
  "bytes as a parameter": prepared.bytes,
  "booleans as parameters": prepared.booleans,
  "null as a parameter": prepared.nulls,
  "parameters by name": prepared.byName,
  "what looks like a parameter in a string is none": prepared.literals,
  "a prepared query runs again with other parameters": prepared.again,
  "an update with parameters": prepared.update,
  "executeMany runs once for each set": prepared.many,
  "a record batch binds its rows": prepared.batch,
  "a statement that cannot be prepared says why": prepared.failing,

  "a transaction commits": transactions.commits,
  "a transaction rolls back": transactions.rollsBack,
  "a transaction as a function": transactions.asFunction,
  "a transaction sees its own changes alone": transactions.isolated,
  "prepared statements in a transaction": transactions.prepared,
  savepoints: transactions.savepoints,

  "ingest makes, extends and replaces a table": ingest.modes,
  "ingest of rows": ingest.rows,
  "ingest of many batches as they come": ingest.streamed,
  "ingest in chunks is one transaction": ingest.chunks,
  "ingest into a transaction": ingest.inTransaction,

  "leaving a loop early": stopping.leaving,
  "an abort": stopping.aborting,
  "a time limit": stopping.timeLimit,
  "cancel()": stopping.cancelling,

  "12 MB in few rows": large.twelve,
  "100 MB": large.hundred,

  "session options": sessions.options,
};
