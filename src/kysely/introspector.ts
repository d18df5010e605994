import type {
  DatabaseIntrospector,
  DatabaseMetadataOptions,
  QueryExecutorProvider,
  SchemaMetadata,
  TableMetadata,
} from "kysely";
import type { FlightSqlClient } from "../sql/client.ts";
import { informationSchemaNames, informationSchemaTables } from "./information-schema.ts";
import { keysOf, type TableKeys } from "./keys.ts";
import { type Reflected, reflectedNames, reflectedTables } from "./reflection.ts";

// What Kysely's migrator makes; 0.29 no longer exports the names where 0.28 does.
const migrationTables: readonly string[] = ["kysely_migration", "kysely_migration_lock"];

/** Schemas, tables and keys of a server: by its metadata commands, or by information_schema. */
export class FlightSqlIntrospector implements DatabaseIntrospector {
  readonly #db: QueryExecutorProvider;
  readonly #from: Reflected;
  readonly #reflects: boolean;

  constructor(db: QueryExecutorProvider, from: Reflected) {
    this.#db = db;
    this.#from = from;
    this.#reflects = isOn(from.client, "metadata-reflection");
  }

  async getSchemas(): Promise<SchemaMetadata[]> {
    const names = this.#reflects
      ? await reflectedNames(this.#from)
      : await informationSchemaNames(this.#db, this.#from.catalog);
    return [...new Set(names)].map((name) => ({ name }));
  }

  /**
   * Tables and views, without those of the system.
   *
   * The metadata commands say nothing of defaults: `hasDefaultValue` is then always `false`.
   */
  async getTables(options: DatabaseMetadataOptions = { withInternalKyselyTables: false }): Promise<TableMetadata[]> {
    const tables = this.#reflects
      ? await reflectedTables(this.#from)
      : await informationSchemaTables(this.#db, this.#from.catalog);
    return options.withInternalKyselyTables ? tables : tables.filter(({ name }) => !migrationTables.includes(name));
  }

  /** @deprecated As in Kysely 0.28, and gone in 0.29: use `getTables`. */
  async getMetadata(options?: DatabaseMetadataOptions): Promise<{ tables: TableMetadata[] }> {
    return { tables: await this.getTables(options) };
  }

  /** A table's keys, of which Kysely has no notion: always by the metadata commands. */
  getKeys(table: Pick<TableMetadata, "name" | "schema">): Promise<TableKeys> {
    return keysOf(this.#from, table);
  }
}

function isOn({ features }: FlightSqlClient, name: string): boolean {
  const value = features[name];
  return value !== undefined && !["", "0", "false", "off", "no"].includes(value.toLowerCase());
}
