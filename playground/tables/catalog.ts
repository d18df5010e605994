import type { FlightSqlClient, TableInfo } from "flightsql";
import { typeName } from "../type-name.ts";

/** Milliseconds that a server gets to list tables or columns. */
const LIMIT_MS = 30_000;

export interface Column {
  name: string;
  /** The server's own name of the type where it tells it, Arrow's otherwise. */
  type: string;
  nullable: boolean;
}

/** The tables of a server and, as they are asked for, their columns. */
export class Catalog {
  readonly tables: readonly TableInfo[];
  readonly #client: Pick<FlightSqlClient, "getTables">;
  readonly #columns = new Map<TableInfo, Promise<Column[]>>();
  readonly #known = new Map<TableInfo, Column[]>();
  #all: Promise<void> | undefined;

  constructor(client: Pick<FlightSqlClient, "getTables">, tables: readonly TableInfo[]) {
    this.#client = client;
    this.tables = tables;
  }

  static async load(client: Pick<FlightSqlClient, "getTables">): Promise<Catalog> {
    return new Catalog(client, await client.getTables({}, { timeoutMs: LIMIT_MS }).tables());
  }

  /** The columns of one of the tables. What failed is asked anew the next time. */
  columns(table: TableInfo): Promise<Column[]> {
    const asked = this.#columns.get(table);
    if (asked) return asked;
    const columns = this.#load(table);
    this.#columns.set(table, columns);
    columns.catch(() => this.#columns.delete(table));
    return columns;
  }

  /** The columns of a table if they are here already. */
  known(table: TableInfo): readonly Column[] | undefined {
    return this.#known.get(table);
  }

  /** Has the columns of all tables come, in one call. */
  loadAll(): Promise<void> {
    this.#all ??= this.#loadAll().catch((error: unknown) => {
      this.#all = undefined;
      throw error;
    });
    return this.#all;
  }

  async #load(table: TableInfo): Promise<Column[]> {
    const filter = {
      includeSchema: true,
      ...(table.catalog !== null && { catalog: table.catalog }),
      ...(table.dbSchema !== null && { dbSchemaFilterPattern: table.dbSchema }),
      // A pattern: its `_` finds others too. Servers differ in how they are escaped, so the right one is picked here.
      tableNameFilterPattern: table.name,
    };
    const found = await this.#client.getTables(filter, { timeoutMs: LIMIT_MS }).tables();
    return this.#keep(
      table,
      found.find((other) => isSame(table, other)),
    );
  }

  async #loadAll(): Promise<void> {
    const found = await this.#client.getTables({ includeSchema: true }, { timeoutMs: LIMIT_MS }).tables();
    const byName = new Map(found.map((table) => [keyOf(table), table]));
    for (const table of this.tables) {
      this.#columns.set(table, Promise.resolve(this.#keep(table, byName.get(keyOf(table)))));
    }
  }

  #keep(table: TableInfo, found: TableInfo | undefined): Column[] {
    const columns = (found?.schema?.fields ?? []).map((field) => ({
      name: field.name,
      // Arrow Flight SQL, column metadata: the type by the database's own name.
      type: field.metadata.get("ARROW:FLIGHT:SQL:TYPE_NAME") ?? typeName(field.type),
      nullable: field.nullable,
    }));
    this.#known.set(table, columns);
    return columns;
  }
}

const keyOf = (table: TableInfo): string => JSON.stringify([table.catalog, table.dbSchema, table.name]);
const isSame = (a: TableInfo, b: TableInfo): boolean => keyOf(a) === keyOf(b);

/** The table's name as SQL writes it, with as much in front as it takes to tell the listed tables apart. */
export function sqlName(table: TableInfo, all: readonly TableInfo[]): string {
  const parts = [table.name];
  const { catalogs, schemas } = spread(all);
  if (schemas > 1 && table.dbSchema) parts.unshift(table.dbSchema);
  if (catalogs > 1 && table.catalog) parts.unshift(table.catalog);
  return parts.map(quoted).join(".");
}

const spreads = new WeakMap<readonly TableInfo[], { catalogs: number; schemas: number }>();

/** Over how many catalogs and schemas tables are spread. */
function spread(all: readonly TableInfo[]): { catalogs: number; schemas: number } {
  const counted = spreads.get(all) ?? {
    catalogs: new Set(all.map((other) => other.catalog)).size,
    schemas: new Set(all.map((other) => `${other.catalog}.${other.dbSchema}`)).size,
  };
  spreads.set(all, counted);
  return counted;
}

/** Words that cannot name a table without quotes, in one SQL or another. */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between binary both by case cast check collate
  column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable delete desc describe distinct do drop else end except exists explain
  false fetch filter for foreign freeze from full grant group having ilike in initially inner insert intersect interval
  into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or
  order outer over overlaps pivot placing primary qualify references returning right row rows select session_user set
  show similar some summarize symmetric table tablesample then to trailing true union unique unpivot update user using
  values variadic verbose when where window with`.split(/\s+/),
);

/** Whether a word names nothing unless it is quoted. */
export function isReserved(word: string): boolean {
  return RESERVED.has(word.toLowerCase());
}

/** A name as SQL reads it as it is. */
export function quoted(name: string): string {
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) && !isReserved(name);
  return plain ? name : `"${name.replaceAll('"', '""')}"`;
}
