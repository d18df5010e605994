import { parseArgs } from "node:util";
import { type RecordBatch, type Schema, Table, tableToIPC } from "apache-arrow";
import { rowsToBatch } from "../arrow/row-batch.ts";
import {
  type FlightSqlClient,
  FlightSqlError,
  type QueryResult,
  type RowInput,
  type TableInfo,
  type TableRef,
} from "../node.ts";
import { type Command, UsageError } from "./command.ts";
import { connect, connectionHelp, connectionOptions } from "./connect.ts";
import { exitCodes } from "./failure.ts";
import { interruptible } from "./interrupt.ts";
import { openOutput, outputHelp, outputOptions, type Printable } from "./output.ts";
import { isUnread } from "./sink.ts";
import { typeName } from "./type-name.ts";

export const command: Command = {
  usage: `flightsql describe [options] TABLE

Lists the columns of a table: Arrow types, the server's own types where it tells them, whether they may be null, and
keys where it tells those. TABLE is a name, schema.name or catalog.schema.name.

  flightsql describe main.flights

${outputHelp}

${connectionHelp}

${exitCodes}`,

  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...outputOptions, ...connectionOptions },
    });
    const [name] = positionals;
    if (name === undefined || positionals.length > 1) throw new UsageError("which table? Give one name");
    const client = connect(values);
    const output = openOutput(values);
    const stopping = new AbortController();
    try {
      await interruptible(
        async () => stopping.abort(),
        async () => output.print(printable(await describe(client, name, stopping.signal))),
      );
    } catch (thrown) {
      if (!isUnread(thrown)) throw thrown;
    } finally {
      await client.close();
    }
  },
};

async function describe(client: FlightSqlClient, name: string, signal: AbortSignal): Promise<RecordBatch> {
  const table = await findTable(client, name, signal);
  if (table.schema === null) throw new Error(`the server does not tell the columns of ${fullName(table)}`);
  const ref: TableRef = {
    table: table.name,
    ...(table.catalog !== null && { catalog: table.catalog }),
    ...(table.dbSchema !== null && { dbSchema: table.dbSchema }),
  };
  const primary = await keys<{ column_name: string }>(client.getPrimaryKeys(ref, { signal }));
  const foreign = await keys<ForeignKey>(client.getImportedKeys(ref, { signal }));
  const rows = table.schema.fields.map((field) => {
    const to = foreign.find((key) => key.fk_column_name === field.name);
    return {
      column: field.name,
      type: typeName(field.type),
      // Arrow Flight SQL, column metadata: the type by the database's own name.
      sql_type: field.metadata.get("ARROW:FLIGHT:SQL:TYPE_NAME") ?? null,
      nullable: field.nullable,
      key: primary.some((key) => key.column_name === field.name) ? "primary" : null,
      references: to === undefined ? null : `${to.pk_table_name}.${to.pk_column_name}`,
    };
  });
  return rowsToBatch(told(rows), null);
}

interface ForeignKey {
  fk_column_name: string;
  pk_table_name: string;
  pk_column_name: string;
}

/** Rows without what the server says for none of them. */
function told<Row extends RowInput>(rows: readonly Row[]): RowInput[] {
  const isTold = (name: string) => rows.some((row) => row[name] !== null);
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => isTold(name))));
}

/** Keys are an extra: servers without them answer in many ways, and none of these is a reason to show nothing. */
async function keys<Row>(result: QueryResult): Promise<Row[]> {
  try {
    return await result.all<Row>();
  } catch (thrown) {
    const isFatal =
      thrown instanceof FlightSqlError && ["canceled", "unavailable", "deadline_exceeded"].includes(thrown.code);
    if (isFatal) throw thrown;
    return [];
  }
}

async function findTable(client: FlightSqlClient, name: string, signal: AbortSignal): Promise<TableInfo> {
  // The part behind the last dot, or all of it: a table's own name may have dots.
  const last = name.slice(name.lastIndexOf(".") + 1);
  for (const pattern of new Set([last, name])) {
    const filter = { includeSchema: true, tableNameFilterPattern: pattern };
    const all = await client.getTables(filter, { signal }).tables();
    const found = all.filter((table) => namesOf(table).includes(name));
    if (found.length > 1) throw ambiguous(name, found);
    if (found[0] !== undefined) return found[0];
  }
  // By names alone first: the columns of all tables may be much.
  const names = await client.getTables({}, { signal }).tables();
  const similar = names.filter((table) => namesOf(table).some((full) => full.toLowerCase() === name.toLowerCase()));
  if (similar.length > 1) throw ambiguous(name, similar);
  if (similar[0] === undefined || namesOf(similar[0]).includes(name)) {
    throw new Error(`there is no table "${name}": flightsql tables lists those there are`);
  }
  return await findTable(client, fullName(similar[0]), signal);
}

function ambiguous(name: string, found: readonly TableInfo[]): Error {
  return new Error(`"${name}" is more than one table: write ${found.map(fullName).join(" or ")}`);
}

/** The ways a table can be called, the shortest first. */
function namesOf({ catalog, dbSchema, name }: TableInfo): string[] {
  const parts = [catalog, dbSchema, name].filter((part) => part !== null && part !== "");
  return parts.map((_, i) => parts.slice(i).join(".")).reverse();
}

function fullName(table: TableInfo): string {
  return namesOf(table).at(-1)!;
}

function printable(batch: RecordBatch): Printable {
  return {
    schema: async (): Promise<Schema> => batch.schema,
    async *[Symbol.asyncIterator]() {
      yield batch;
    },
    async *ipc() {
      yield tableToIPC(new Table(batch), "stream");
    },
  };
}
