// A Flight SQL backend whose answers a test writes itself: for what no real server does on request.

import { Code, ConnectError } from "@connectrpc/connect";
import { makeData, RecordBatch, type Schema, Struct, Utf8, type Vector, vectorFromArray } from "apache-arrow";
import { writeSchema } from "../../src/arrow/encode.ts";
import { type Backend, type Chunk, metadataSchemas } from "../../src/server/index.ts";

/** The answer to one SQL text: a stream for each endpoint, or the error that planning it ends in. */
export type Answer =
  | ConnectError
  | { schema: Schema; endpoints: ((gone: AbortSignal) => AsyncIterable<RecordBatch>)[] };

/** A backend that lists these tables and knows these SQL texts. */
export function scriptedBackend(tables: readonly string[], answers: Readonly<Record<string, Answer>>): Backend {
  return {
    async getFlightInfo(command) {
      if (command.kind !== "sql") throw new ConnectError("not SQL", Code.InvalidArgument);
      const { message } = command;
      if (message.$typeName === "arrow.flight.protocol.sql.CommandGetTables") {
        return { schema: writeSchema(metadataSchemas.tables), endpoint: [endpoint("tables")] };
      }
      const sql = "query" in message ? message.query : "";
      const answer = answers[sql] ?? new ConnectError(`No such query: ${sql}`, Code.InvalidArgument);
      if (answer instanceof ConnectError) throw answer;
      return {
        schema: writeSchema(answer.schema),
        endpoint: answer.endpoints.map((_, i) => endpoint(`${i} ${sql}`)),
      };
    },
    async doGet(ticket, { signal }) {
      const text = ticket.kind === "bytes" ? new TextDecoder().decode(ticket.bytes) : "";
      if (text === "tables") return { schema: metadataSchemas.tables, chunks: chunks([tableBatch(tables)]) };
      const [, index, sql] = /^(\d+) (.*)$/s.exec(text)!;
      const answer = answers[sql!] as Exclude<Answer, ConnectError>;
      return { schema: answer.schema, chunks: chunks(answer.endpoints[Number(index)]!(signal)) };
    },
  };
}

function endpoint(ticket: string): { ticket: { ticket: Uint8Array } } {
  return { ticket: { ticket: new TextEncoder().encode(ticket) } };
}

async function* chunks(batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>): AsyncGenerator<Chunk> {
  for await (const batch of batches) yield { batch };
}

function tableBatch(names: readonly string[]): RecordBatch {
  const column = (value: (name: string) => string) => vectorFromArray(names.map(value), new Utf8());
  return recordBatch(metadataSchemas.tables, [
    column(() => "memory"),
    column(() => "main"),
    column((name) => name),
    column(() => "TABLE"),
  ]);
}

/** One batch of the first chunk of each column. */
export function recordBatch(schema: Schema, columns: readonly Vector[]): RecordBatch {
  const children = columns.map((column) => column.data[0]!);
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: children[0]!.length, nullCount: 0, children }));
}
