// A database as a script: it answers what it is told to, and notes what it is asked, in the order in which it comes.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { RecordBatch, Schema } from "apache-arrow";
import { writeSchema } from "../../src/arrow/encode.ts";
import {
  ActionBeginTransactionResultSchema,
  type ActionClosePreparedStatementRequest,
  type ActionCreatePreparedStatementRequest,
  ActionCreatePreparedStatementResultSchema,
  type ActionEndTransactionRequest,
  DoPutPreparedStatementResultSchema,
  DoPutUpdateResultSchema,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend, Chunk, Result } from "../../src/server/backend.ts";
import { text, utf8 } from "../contract/scripted.ts";
import { numbers } from "../support/router.ts";

export interface DatabaseOptions {
  /** What it says of a statement that it prepares; an error when it does not. */
  readonly prepared?:
    | { readonly isUpdate?: boolean; readonly dataset?: Schema; readonly parameters?: Schema }
    | ConnectError;
  /** How many rows an update changes; an error when it takes none. Default 1. */
  readonly changed?: number | bigint | ConnectError;
  /** What a query returns, at each of its endpoints. Default n = 1, 2, 3. */
  readonly batches?: Iterable<RecordBatch>;
  /** Default: the first batch's. */
  readonly schema?: Schema;
  /** Default 1. */
  readonly endpoints?: number;
  /** What BeginTransaction or a commit fails with. */
  readonly begin?: ConnectError;
  readonly commit?: ConnectError;
  /** Answers to metadata commands, by the end of the command's name: `Tables`. */
  readonly metadata?: Readonly<Record<string, () => Result>>;
}

export interface Database {
  readonly backend: Backend;
  readonly log: string[];
  /** The rows of each upload. */
  readonly uploads: RecordBatch[];
  /** How many batches of results have been asked for. */
  served: number;
}

export const unimplemented = (what: string): ConnectError =>
  new ConnectError(`${what} is not implemented`, Code.Unimplemented);

export function database(options: DatabaseOptions = {}): Database {
  const { batches = [numbers(1, 2, 3)], prepared = {}, changed = 1, endpoints = 1 } = options;
  const schema = options.schema ?? [...batches][0]!.schema;
  let handles = 0;
  const given = <T>(value: T | ConnectError): T => {
    if (value instanceof ConnectError) throw value;
    return value;
  };
  const within = (id: Uint8Array | undefined): string => (id === undefined ? "" : ` in ${text(id)}`);
  const info = (tickets: readonly string[]) => ({
    endpoint: tickets.map((ticket) => ({ ticket: { ticket: utf8(ticket) } })),
    totalRecords: -1n,
    totalBytes: -1n,
  });
  const result = Array.from({ length: endpoints }, () => "result");

  const backend: Backend = {
    async getFlightInfo(command) {
      if (command.kind !== "sql") throw unimplemented(command.kind);
      const { message } = command;
      switch (message.$typeName) {
        case "arrow.flight.protocol.sql.CommandStatementQuery":
          self.log.push(`query ${message.query}${within(message.transactionId)}`);
          return info(result);
        case "arrow.flight.protocol.sql.CommandPreparedStatementQuery":
          self.log.push(`query ${text(message.preparedStatementHandle)}`);
          return info(result);
        default: {
          const name = message.$typeName.replace(/.*CommandGet/, "");
          self.log.push(name);
          if (options.metadata?.[name] === undefined) throw unimplemented(name);
          return info([name]);
        }
      }
    },
    async doGet(ticket) {
      const metadata = ticket.kind === "bytes" ? options.metadata?.[text(ticket.bytes)] : undefined;
      if (metadata !== undefined) return metadata();
      const chunks = async function* (): AsyncGenerator<Chunk> {
        try {
          for (const batch of batches) {
            self.served++;
            yield { batch };
          }
        } finally {
          self.log.push("end");
        }
      };
      return { schema, chunks: chunks() };
    },
    async *doPut(command, upload) {
      if (command.kind !== "sql") throw unimplemented(command.kind);
      const { message } = command;
      for await (const { batch } of upload) if (batch !== null) self.uploads.push(batch);
      switch (message.$typeName) {
        case "arrow.flight.protocol.sql.CommandPreparedStatementQuery": {
          const handle = text(message.preparedStatementHandle);
          self.log.push(`bind ${handle}`);
          // As servers without sessions do: what is bound stands in a new handle.
          yield create(DoPutPreparedStatementResultSchema, { preparedStatementHandle: utf8(`${handle}+`) });
          return;
        }
        case "arrow.flight.protocol.sql.CommandStatementUpdate":
          self.log.push(`update ${message.query}${within(message.transactionId)}`);
          break;
        case "arrow.flight.protocol.sql.CommandPreparedStatementUpdate":
          self.log.push(`update ${text(message.preparedStatementHandle)}`);
          break;
        default:
          throw unimplemented(message.$typeName);
      }
      yield create(DoPutUpdateResultSchema, { recordCount: BigInt(given(changed)) });
    },
    async *doAction(action) {
      if (action.kind !== "standard") throw unimplemented(action.type);
      switch (action.type) {
        case "CreatePreparedStatement": {
          const { query, transactionId } = action.request as ActionCreatePreparedStatementRequest;
          self.log.push(`prepare ${query}${within(transactionId)}`);
          const { isUpdate, dataset, parameters } = given(prepared);
          yield create(ActionCreatePreparedStatementResultSchema, {
            preparedStatementHandle: utf8(`h${++handles}`),
            ...(dataset && { datasetSchema: writeSchema(dataset) }),
            ...(parameters && { parameterSchema: writeSchema(parameters) }),
            ...(isUpdate !== undefined && { isUpdate }),
          });
          return;
        }
        case "ClosePreparedStatement": {
          const { preparedStatementHandle } = action.request as ActionClosePreparedStatementRequest;
          self.log.push(`close ${text(preparedStatementHandle)}`);
          return;
        }
        case "BeginTransaction":
          self.log.push("begin");
          if (options.begin !== undefined) throw options.begin;
          yield create(ActionBeginTransactionResultSchema, { transactionId: utf8("tx") });
          return;
        case "EndTransaction": {
          const isCommit = (action.request as ActionEndTransactionRequest).action === EndTransaction.COMMIT;
          self.log.push(isCommit ? "commit" : "rollback");
          if (isCommit && options.commit !== undefined) throw options.commit;
          return;
        }
        default:
          throw unimplemented(action.type);
      }
    },
  };
  const self: Database = { backend, log: [], uploads: [], served: 0 };
  return self;
}
