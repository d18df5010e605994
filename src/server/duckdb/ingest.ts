import { randomUUID } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { DuckDBAppender, DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { type Schema, Type } from "apache-arrow";
import {
  type CommandStatementIngest,
  CommandStatementIngest_TableDefinitionOptions_TableExistsOption as IfExists,
  CommandStatementIngest_TableDefinitionOptions_TableNotExistOption as IfNotExist,
} from "../../gen/FlightSql_pb.ts";
import type { Upload } from "../backend.ts";
import { select } from "./catalog.ts";
import { duckdbError } from "./errors.ts";
import { identifier } from "./files.ts";
import type { Lane } from "./lane.ts";
import { batchChunks, writerOf } from "./write.ts";
import type { Writer } from "./write-nested.ts";

/** A table by its full name. */
interface Table {
  readonly catalog: string;
  readonly schema: string;
  readonly name: string;
}

/** Where rows are appended. */
interface Target {
  readonly appender: DuckDBAppender;
  readonly writers: readonly Writer[];
  /** For each column of the table, which of the upload's it is. */
  readonly order: readonly number[];
  /** Set when they go to a table of their own first. */
  readonly staged: boolean;
}

// Temporary, and named so that two at once in one transaction do not meet.
const stage: Table = { catalog: "temp", schema: "main", name: "flightsql_ingest" };

/**
 * Loads an upload into a table: Arrow's columns are copied to DuckDB's, chunk by chunk, and appended.
 *
 * In a transaction everything is appended to a table of its own first: nothing of a failed ingest may stay, and
 * DuckDB's transactions have no point to go back to. So it is when only some columns are given. Otherwise rows go where
 * they belong at once, and the caller rolls back what fails.
 *
 * @returns how many rows there were
 */
export async function ingest(
  lane: Lane,
  command: CommandStatementIngest,
  upload: Upload,
  signal: AbortSignal,
): Promise<bigint> {
  const schema = await upload.schema();
  if (!schema?.fields.length) {
    throw new ConnectError("Ingest needs the schema of what is uploaded, with a column or more.", Code.InvalidArgument);
  }
  const own: Table = { ...stage, name: `${stage.name}_${randomUUID().replaceAll("-", "")}` };
  let staged = false;
  try {
    const { target, table } = await lane.use(async (connection) => {
      const found = await resolve(connection, command, lane.shared);
      const opened = await openTarget(connection, command, found, schema, own, lane.shared);
      return { table: found, target: opened };
    });
    staged = target.staged;
    const rows = await append(lane, target, upload, signal);
    await lane.use(async (connection) => {
      target.appender.closeSync();
      if (staged) await moveStaged(connection, command, table, own, schema);
    });
    return rows;
  } catch (reason) {
    if (lane.shared)
      await lane.use((connection) => connection.run(`DROP TABLE IF EXISTS ${full(own)}`)).catch(() => {});
    throw signal.aborted ? ConnectError.from(signal.reason, Code.Canceled) : duckdbError(reason);
  }
}

async function append(lane: Lane, target: Target, upload: Upload, signal: AbortSignal): Promise<bigint> {
  const { appender, writers, order } = target;
  let rows = 0;
  for await (const { batch } of upload) {
    if (!batch) continue;
    for (const chunk of batchChunks(batch, writers, order)) {
      signal.throwIfAborted();
      await lane.use(async () => appender.appendDataChunk(chunk));
      rows += chunk.rowCount;
      // Copying takes this thread, and others want it, too.
      if (rows % breatheRows < chunk.rowCount) await breathe();
    }
  }
  signal.throwIfAborted();
  return BigInt(rows);
}

const breatheRows = 32_768;

async function openTarget(
  connection: DuckDBConnection,
  command: CommandStatementIngest,
  table: Table,
  schema: Schema,
  own: Table,
  shared: boolean,
): Promise<Target> {
  if (!shared) {
    await makeTable(connection, command, table, schema);
    const { name, schema: inSchema, catalog } = table;
    const appender = await connection.createAppender(name, inSchema, catalog);
    const order = await columnOrder(connection, table, schema);
    if (order.length === appender.columnCount && order.length === schema.fields.length && !order.includes(-1)) {
      const types = schema.fields.map((_, i) => appender.columnType(order.indexOf(i)));
      return { appender, writers: writersOf(schema, types), order, staged: false };
    }
    appender.closeSync();
  }
  await connection.run(`CREATE TEMP TABLE ${full(own)} (${columnsOf(schema)})`);
  const appender = await connection.createAppender(own.name, own.schema, own.catalog);
  return { appender, writers: writersOf(schema), order: schema.fields.map((_, i) => i), staged: true };
}

/** For each column of a table which field has its name, -1 for none; fields that the table has not are an error. */
async function columnOrder(connection: DuckDBConnection, table: Table, { fields }: Schema): Promise<number[]> {
  const [names] = await select(
    connection,
    `SELECT column_name FROM duckdb_columns()
     WHERE database_name = $1 AND schema_name = $2 AND table_name = $3 ORDER BY column_index`,
    [table.catalog, table.schema, table.name],
  );
  const columns = names!.map((name) => String(name).toLowerCase());
  const stray = fields.find(({ name }) => !columns.includes(name.toLowerCase()));
  if (stray) throw new ConnectError(`Table "${table.name}" has no column "${stray.name}".`, Code.InvalidArgument);
  const given = fields.map(({ name }) => name.toLowerCase());
  return columns.map((name) => given.indexOf(name));
}

async function moveStaged(
  connection: DuckDBConnection,
  command: CommandStatementIngest,
  table: Table,
  own: Table,
  schema: Schema,
): Promise<void> {
  await makeTable(connection, command, table, schema);
  const names = schema.fields.map(({ name }) => identifier(name));
  const values = schema.fields.map(({ type }, i) => (type.typeId === Type.Null ? "NULL" : names[i]!));
  await connection.run(
    `INSERT INTO ${full(table)} (${names.join(", ")}) SELECT ${values.join(", ")} FROM ${full(own)}`,
  );
  await connection.run(`DROP TABLE ${full(own)}`);
}

/** The table's full name, checked against what is to happen when it is there or not. */
async function resolve(connection: DuckDBConnection, command: CommandStatementIngest, shared: boolean): Promise<Table> {
  const { table: name, temporary, tableDefinitionOptions } = command;
  const { ifExists, ifNotExist } = tableDefinitionOptions ?? {};
  if (name === "") throw new ConnectError("The table to load has no name.", Code.InvalidArgument);
  if (!ifExists || !ifNotExist) {
    throw new ConnectError(
      "Ingest has to say what to do when the table exists, and when it does not.",
      Code.InvalidArgument,
    );
  }
  if (temporary && !shared) {
    throw new ConnectError(
      "A temporary table ends with its connection, here with its transaction: ingest into one within a transaction.",
      Code.FailedPrecondition,
    );
  }
  const [current] = (await connection.runAndReadAll("SELECT current_database(), current_schema()")).getRows();
  const catalog = temporary ? "temp" : (command.catalog ?? String(current![0]));
  const schema = command.schema ?? (catalog === current![0] ? String(current![1]) : "main");
  const table = { catalog, schema, name };
  const exists = await tableExists(connection, table);
  if (exists && ifExists === IfExists.FAIL)
    throw new ConnectError(`Table ${full(table)} exists already.`, Code.AlreadyExists);
  if (!exists && ifNotExist === IfNotExist.FAIL)
    throw new ConnectError(`There is no table ${full(table)}.`, Code.NotFound);
  return table;
}

async function tableExists(connection: DuckDBConnection, { catalog, schema, name }: Table): Promise<boolean> {
  const [found] = await select(
    connection,
    `SELECT 1 FROM (SELECT database_name, schema_name, table_name AS name FROM duckdb_tables()
       UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views())
     WHERE database_name = $1 AND schema_name = $2 AND lower(name) = lower($3)`,
    [catalog, schema, name],
  );
  return found!.length > 0;
}

async function makeTable(
  connection: DuckDBConnection,
  { tableDefinitionOptions }: CommandStatementIngest,
  table: Table,
  schema: Schema,
): Promise<void> {
  const { ifExists, ifNotExist } = tableDefinitionOptions!;
  const columns = `${full(table)} (${columnsOf(schema)})`;
  const kind = table.catalog === "temp" ? "TEMP TABLE" : "TABLE";
  if (ifExists === IfExists.REPLACE) await connection.run(`CREATE OR REPLACE ${kind} ${columns}`);
  else if (ifNotExist === IfNotExist.CREATE) {
    await connection.run(`CREATE ${kind} ${ifExists === IfExists.APPEND ? "IF NOT EXISTS " : ""}${columns}`);
  }
}

function columnsOf(schema: Schema): string {
  const writers = writersOf(schema);
  return schema.fields.map(({ name }, i) => `${identifier(name)} ${writers[i]!.type}`).join(", ");
}

function writersOf({ fields }: Schema, expected?: readonly DuckDBType[]): Writer[] {
  return fields.map(({ type, name }, i) => writerOf(type, name, expected?.[i]));
}

function full({ catalog, schema, name }: Table): string {
  return [catalog, schema, name].map(identifier).join(".");
}
