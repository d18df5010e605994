// What a Flight SQL client meets at InfluxDB 3: a token and a database with every call, string views, nanoseconds,
// dictionary-encoded tags, reads alone. It knows one database and in it the table `home`.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Timestamp,
  TimeUnit,
  Utf8,
  Utf8View,
} from "apache-arrow";
import { fieldData } from "../../src/arrow/column.ts";
import { writeSchema } from "../../src/arrow/encode.ts";
import {
  type CommandGetTables,
  type CommandStatementQuery,
  TicketStatementQuerySchema,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend, Call, Info, Result } from "../../src/server/backend.ts";
import { writeAny } from "../../src/server/messages.ts";
import { rowsResult } from "../../src/server/rows.ts";
import { metadataSchemas } from "../../src/server/schemas.ts";

export const influxToken = "apiv3_look-alike";
export const influxDatabase = "get-started";

/** One row of `home`; the time in nanoseconds since 1970. */
export interface HomeRow {
  readonly room: string;
  readonly temp: number | null;
  readonly co: bigint;
  readonly note: string | null;
  readonly time: bigint;
}

const hour = 3_600_000_000_000n;

/** What `SELECT * FROM home` answers. */
export const home: readonly HomeRow[] = Array.from({ length: 26 }, (_, i) => ({
  room: i % 2 === 0 ? "Kitchen" : "Living Room",
  temp: i === 7 ? null : 21 + i / 4,
  co: BigInt(i),
  // Short ones stand in the view itself, long ones in a buffer of their own.
  note: i % 3 === 0 ? null : i % 3 === 1 ? "fine" : `carbon monoxide is at ${i} parts per million`,
  time: 1_641_024_000_000_000_000n + BigInt(i >> 1) * hour + 123_456_789n,
}));

const schema = new Schema([
  // A tag.
  new Field(
    "room",
    new Dictionary(new Utf8(), new Int32()),
    true,
    new Map([["iox::column::type", "iox::column_type::tag"]]),
  ),
  new Field("temp", new Float64(), true),
  new Field("co", new Int64(), true),
  new Field("note", new Utf8View(), true),
  new Field("time", new Timestamp(TimeUnit.NANOSECOND), false),
]);

function batchOf(rows: readonly HomeRow[]): RecordBatch {
  const children = schema.fields.map((field) =>
    fieldData(
      field,
      rows.map((row) => row[field.name as keyof HomeRow]),
      (i) => `home[${i}].${field.name}`,
    ),
  );
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}

/** A bearer token and a known database, or the call ends here; other names for the database are those of older clients. */
function admit({ requestHeader }: Call): void {
  if (requestHeader.get("authorization") !== `Bearer ${influxToken}`)
    throw new ConnectError("Unauthenticated", Code.Unauthenticated);
  const names = ["database", "bucket", "bucket-name", "iox-namespace-name"];
  const database = names.map((name) => requestHeader.get(name)).find((value) => value !== null);
  if (database === undefined) throw new ConnectError("no 'database' header in request", Code.InvalidArgument);
  if (database !== influxDatabase) throw new ConnectError(`Database '${database}' not found`, Code.NotFound);
}

/** Plans the two statements it understands. */
function rowsFor(sql: string): readonly HomeRow[] {
  const [, table, limit] = /^\s*select\s+\*\s+from\s+"?(\w+)"?(?:\s+limit\s+(\d+))?\s*;?\s*$/i.exec(sql) ?? [];
  if (table === undefined) throw new ConnectError(`SQL error: not understood: ${sql}`, Code.InvalidArgument);
  if (table !== "home")
    throw new ConnectError(`Error while planning query: table 'public.iox.${table}' not found`, Code.InvalidArgument);
  return limit === undefined ? home : home.slice(0, Number(limit));
}

const one = (ticket: Uint8Array, schemaBytes: Uint8Array): Info => ({
  schema: schemaBytes,
  endpoint: [{ ticket: { ticket } }],
  totalRecords: -1n,
  totalBytes: -1n,
});

export function influxBackend(): Backend {
  return {
    async getFlightInfo(command, call) {
      admit(call);
      if (command.kind !== "sql") throw new ConnectError("Unsupported descriptor", Code.InvalidArgument);
      const { message } = command;
      switch (message.$typeName) {
        case "arrow.flight.protocol.sql.CommandStatementQuery": {
          const { query } = message as CommandStatementQuery;
          rowsFor(query);
          const statementHandle = new TextEncoder().encode(query);
          return one(writeAny(create(TicketStatementQuerySchema, { statementHandle })), writeSchema(schema));
        }
        case "arrow.flight.protocol.sql.CommandGetTables":
          return one(writeAny(message), writeSchema(tablesSchema(message as CommandGetTables)));
        default:
          throw new ConnectError(`Protocol error: ${message.$typeName} is not handled`, Code.Unimplemented);
      }
    },
    async doGet(ticket, call): Promise<Result> {
      admit(call);
      if (ticket.kind !== "sql") throw new ConnectError("Invalid ticket", Code.InvalidArgument);
      const { message } = ticket;
      if (message.$typeName === "arrow.flight.protocol.sql.CommandGetTables") {
        const { includeSchema } = message as CommandGetTables;
        const columns = [
          ["public"],
          ["iox"],
          ["home"],
          ["BASE TABLE"],
          ...(includeSchema ? [[writeSchema(schema)]] : []),
        ];
        return rowsResult(tablesSchema(message as CommandGetTables), columns);
      }
      if (message.$typeName !== "arrow.flight.protocol.sql.TicketStatementQuery")
        throw new ConnectError("Invalid ticket", Code.InvalidArgument);
      const rows = rowsFor(new TextDecoder().decode((message as { statementHandle: Uint8Array }).statementHandle));
      const chunks = async function* () {
        // Several batches with one dictionary each, as its partitions give them.
        for (let at = 0; at < rows.length; at += 10) yield { batch: batchOf(rows.slice(at, at + 10)) };
      };
      return { schema, chunks: chunks() };
    },
    // biome-ignore lint/correctness/useYield: there is nothing to answer
    async *doPut(_, __, call) {
      admit(call);
      throw new ConnectError("Not yet implemented: DoPut", Code.Unimplemented);
    },
    // biome-ignore lint/correctness/useYield: there is nothing to answer
    async *doAction(action, call) {
      admit(call);
      throw new ConnectError(`Not yet implemented: ${action.type}`, Code.Unimplemented);
    },
  };
}

const tablesSchema = ({ includeSchema }: CommandGetTables): Schema =>
  includeSchema ? metadataSchemas.tablesWithSchema : metadataSchemas.tables;
