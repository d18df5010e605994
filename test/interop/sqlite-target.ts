import type { ClientOptions } from "flightsql";
import { sqlite } from "../contract/dialects.ts";
import type { Target } from "../contract/target.ts";

/** arrow-go's example server over SQLite, and what it does not have. */
export function sqliteTarget(name: string, options: () => ClientOptions): Target {
  const noIngest = "DoPutCommandStatementIngest is not implemented";
  return {
    name,
    options,
    dialect: sqlite,
    cannot: {
      "GetSchema of a query": "GetSchemaStatement is not implemented",
      "a pattern's wildcards can be escaped": "it has no SqlInfo 513, and its LIKE no escape character",
      "bytes as a parameter": "it binds NULL in their place",
      "booleans as parameters": "it has no such type",
      "parameters by name": "it binds by position alone",
      savepoints: "BeginSavepoint is not implemented",
      "ingest makes, extends and replaces a table": noIngest,
      "ingest of rows": noIngest,
      "ingest of many batches as they come": noIngest,
      "ingest in chunks is one transaction": noIngest,
      "ingest into a transaction": noIngest,
      "session options": "SetSessionOptions is not implemented",
    },
    skip: {
      "a transaction sees its own changes alone": "who reads a table in change waits there until the transaction ends",
    },
  };
}
