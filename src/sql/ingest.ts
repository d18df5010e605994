import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RecordBatch, Schema } from "apache-arrow";
import { isTable, toRecordBatches, toSchema } from "../arrow/adopt.ts";
import { type RowInput, rowsToBatch } from "../arrow/row-batch.ts";
import { FlightSqlError } from "../errors.ts";
import type { Connection } from "../flight/connection.ts";
import type { CallOptions, CallScope } from "../flight/scope.ts";
import {
  CommandStatementIngestSchema,
  CommandStatementIngest_TableDefinitionOptions_TableExistsOption as IfExists,
  CommandStatementIngest_TableDefinitionOptions_TableNotExistOption as IfNotExist,
} from "../gen/FlightSql_pb.ts";
import { toDescriptor } from "./command.ts";
import { beginTransactionId, endTransactionId } from "./transaction-calls.ts";
import { runUpdate } from "./update.ts";

/** A Table of this or another copy of apache-arrow. */
export interface TableLike {
  readonly schema: Schema;
  readonly batches: readonly RecordBatch[];
}

/** A table, a batch, batches, or rows; batches and rows may also come one by one from an async iterable. */
export type IngestInput =
  | TableLike
  | RecordBatch
  | Iterable<RecordBatch | TableLike | RowInput>
  | AsyncIterable<RecordBatch | TableLike | RowInput>;

/** What to do with a table that does not exist, or does: as ADBC names it. */
export type IngestMode = "create" | "append" | "replace" | "create_append";

export interface IngestOptions extends CallOptions {
  /**
   * `"create"`: the table must not exist. `"append"`: it must. `"replace"`: made anew. `"create_append"`: made where it
   * does not exist. Default `"create"`.
   */
  mode?: IngestMode | undefined;
  /** Default: the server's current schema. */
  schema?: string | undefined;
  /** Default: the server's current catalog. */
  catalog?: string | undefined;
  /** Make it a temporary table. Default `false`. */
  temporary?: boolean | undefined;
  /** Options that the server defines. */
  options?: Readonly<Record<string, string>> | undefined;
  /**
   * Split the upload into several of about this many bytes: over fetch each is held in memory as a whole, and a proxy
   * may limit them. They are one transaction. Default: one upload.
   */
  chunkBytes?: number | undefined;
  /** `false` lets a split upload be committed part by part where the server has no transactions. Default `true`. */
  atomic?: boolean | undefined;
}

// FlightSql.proto, TableDefinitionOptions; UNSPECIFIED must not be sent.
const modes = {
  create: { ifNotExist: IfNotExist.CREATE, ifExists: IfExists.FAIL },
  append: { ifNotExist: IfNotExist.FAIL, ifExists: IfExists.APPEND },
  replace: { ifNotExist: IfNotExist.CREATE, ifExists: IfExists.REPLACE },
  create_append: { ifNotExist: IfNotExist.CREATE, ifExists: IfExists.APPEND },
} as const;

export function ingest(
  connection: Connection,
  transactionId: Uint8Array | undefined,
  table: string,
  input: IngestInput,
  options: IngestOptions,
): Promise<bigint> {
  const upload: Upload = (scope, batches, schema, mode, transaction) => {
    const fields: MessageInitShape<typeof CommandStatementIngestSchema> = {
      tableDefinitionOptions: modes[mode],
      table,
      temporary: options.temporary ?? false,
      options: { ...options.options },
      ...(options.schema !== undefined && { schema: options.schema }),
      ...(options.catalog !== undefined && { catalog: options.catalog }),
      ...(transaction !== undefined && { transactionId: transaction }),
    };
    return runUpdate(connection, scope, toDescriptor(CommandStatementIngestSchema, fields), batches, schema);
  };
  return connection.run(options, async (scope) => {
    const { mode = "create", chunkBytes } = options;
    const batches = during(scope, `DoPut to ${connection.origin.uri}`, toBatches(input));
    const first = await batches.next();
    const schema = first.done ? schemaOf(input) : first.value.schema;
    const all = prepend(first.done ? [] : [first.value], batches);
    if (chunkBytes === undefined) return await upload(scope, all, schema, mode, transactionId);
    return await ingestChunks(
      connection,
      scope,
      upload,
      split(all, chunkBytes),
      schema,
      { ...options, mode },
      transactionId,
    );
  });
}

type Upload = (
  scope: CallScope,
  batches: AsyncIterable<RecordBatch> | RecordBatch[],
  schema: Schema,
  mode: IngestMode,
  transactionId: Uint8Array | undefined,
) => Promise<bigint>;

async function ingestChunks(
  connection: Connection,
  scope: CallScope,
  upload: Upload,
  chunks: AsyncIterable<RecordBatch[]>,
  schema: Schema,
  { mode, atomic = true }: { mode: IngestMode; atomic?: boolean | undefined },
  given: Uint8Array | undefined,
): Promise<bigint> {
  const transaction = given ?? (await beginUnlessMissing(connection, scope, atomic));
  let rows = 0n;
  let next: IngestMode = mode;
  let ending = false;
  try {
    for await (const chunk of chunks) {
      const count = await upload(scope, chunk, schema, next, transaction);
      rows = count < 0n || rows < 0n ? -1n : rows + count;
      next = "append";
    }
    // Without a single batch the table is still to be made.
    if (next === mode && mode !== "append") await upload(scope, [], schema, mode, transaction);
    ending = true;
    if (given === undefined && transaction !== undefined) {
      await endTransactionId(connection, scope, transaction, "commit");
    }
    return rows;
  } catch (thrown) {
    if (given !== undefined || ending) throw thrown;
    if (transaction === undefined) throw withCommitted(thrown, rows);
    // The failure to report is the upload's, and the scope may be over already.
    await connection
      .run({ timeoutMs: 5000 }, (own) => endTransactionId(connection, own, transaction, "rollback"))
      .catch(() => {});
    // What a transaction did not commit, nothing has changed.
    throw FlightSqlError.from(thrown, "ingest").annotated("", 0n);
  }
}

async function beginUnlessMissing(
  connection: Connection,
  scope: CallScope,
  atomic: boolean,
): Promise<Uint8Array | undefined> {
  try {
    return await beginTransactionId(connection, scope);
  } catch (thrown) {
    const missing =
      thrown instanceof FlightSqlError && (thrown.code === "unimplemented" || thrown.code === "invalid_argument");
    if (!missing) throw thrown;
    if (!atomic) return undefined;
    throw new FlightSqlError(
      "failed_precondition",
      "ingest with chunkBytes needs a transaction, which this server does not have: leave chunkBytes out, or give atomic: false to let parts be committed one by one",
      { cause: thrown },
    );
  }
}

/** The failure of a part, with the rows of the parts before it and what the server said of the part itself. */
function withCommitted(thrown: unknown, before: bigint): FlightSqlError {
  const error = FlightSqlError.from(thrown, "ingest");
  const { recordCount = 0n } = error;
  const rows = before < 0n || recordCount < 0n ? -1n : before + recordCount;
  return error.annotated(`${rows < 0n ? "an unknown number of" : rows} rows are committed`, rows);
}

// Rows become batches of this many, so that an endless input needs no endless memory.
const rowsPerBatch = 65_536;

async function* toBatches(input: IngestInput): AsyncGenerator<RecordBatch, void, undefined> {
  const whole = toRecordBatches(input);
  if (whole !== null) {
    yield* whole;
    return;
  }
  let rows: RowInput[] = [];
  let schema: Schema | null = null;
  let done = 0;
  const flush = (): RecordBatch => {
    // What the first rows were taken for holds for all of them: a table has one schema.
    const batch = rowsToBatch(rows, schema, done);
    schema = batch.schema;
    done += rows.length;
    rows = [];
    return batch;
  };
  for await (const item of input as AsyncIterable<RecordBatch | TableLike | RowInput>) {
    const batches = toRecordBatches(item);
    if (batches === null) {
      rows.push(item as RowInput);
      if (rows.length >= rowsPerBatch) yield flush();
      continue;
    }
    if (rows.length > 0) yield flush();
    yield* batches;
  }
  if (rows.length > 0) yield flush();
}

function schemaOf(input: IngestInput): Schema {
  if (isTable(input)) return toSchema(input.schema);
  throw new FlightSqlError(
    "invalid_argument",
    "ingest: there are no rows to take the columns from; give a Table, whose schema is enough",
  );
}

/** The caller's batches, none of which is waited for longer than the call lasts: its iterator cannot be told of that. */
function during(
  scope: CallScope,
  where: string,
  source: AsyncGenerator<RecordBatch, void, undefined>,
): AsyncIterator<RecordBatch, void, undefined> {
  return {
    next: () => scope.hold(where, source.next()),
    async return() {
      const end = source.return();
      if (scope.isOver) end.catch(() => {});
      else await end;
      return { done: true, value: undefined };
    },
  };
}

async function* prepend(
  first: readonly RecordBatch[],
  rest: AsyncIterator<RecordBatch>,
): AsyncGenerator<RecordBatch, void, undefined> {
  try {
    yield* first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Groups batches to about `bytes` each; a larger batch is cut by rows. */
async function* split(
  batches: AsyncIterable<RecordBatch>,
  bytes: number,
): AsyncGenerator<RecordBatch[], void, undefined> {
  let chunk: RecordBatch[] = [];
  let size = 0;
  for await (const batch of batches) {
    const { byteLength } = batch.data;
    const rows = Math.max(1, Math.floor((batch.numRows * bytes) / Math.max(1, byteLength)));
    for (let at = 0; at < batch.numRows; at += rows) {
      const part = rows >= batch.numRows ? batch : batch.slice(at, Math.min(at + rows, batch.numRows));
      const partSize = (byteLength * part.numRows) / batch.numRows;
      if (chunk.length > 0 && size + partSize > bytes) {
        yield chunk;
        chunk = [];
        size = 0;
      }
      chunk.push(part);
      size += partSize;
    }
  }
  if (chunk.length > 0) yield chunk;
}
