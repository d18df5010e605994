import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type DataFile, dataFile, literal, registerFile } from "./files.ts";

export interface DatabaseOptions {
  /** A DuckDB database file, made when it does not exist; in memory when left out. */
  readonly path?: string | undefined;
  /**
   * Data files to serve as tables: Parquet, CSV and TSV, JSON, newline-delimited JSON and GeoJSON. A table is named
   * after its file (`flights-3m.parquet` is `flights_3m`), or as `"name=path"` says. Parquet is read where it is, as
   * a view; the others are loaded.
   */
  readonly files?: readonly string[] | undefined;
  /** DuckDB settings, as `{ threads: "4", memory_limit: "2GB" }`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  /** SQL run once, before anything is served and before the database is closed to files and the network. */
  readonly setup?: string | undefined;
  /**
   * Lets queries read and write files, reach the network, load extensions and change settings. `false` by default:
   * whoever may query would otherwise have this process's rights.
   */
  readonly externalAccess?: boolean | undefined;
}

export interface Database {
  /** Whether queries are kept from files and the network. */
  readonly locked: boolean;
  /** Gives `work` a connection of its own, which lives as long as it. */
  use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const files = (options.files ?? []).map(dataFile);
  const locked = !options.externalAccess;
  const instance = await DuckDBInstance.create(options.path ?? ":memory:", {
    // All of DuckDB's threads are its own: none of ours waits in a query (see pending.ts), so none may be counted on.
    external_threads: "0",
    // And they leave a query in the middle for another: else as many long ones as there are threads keep all waiting.
    scheduler_process_partial: "true",
    ...(options.path === undefined && { temp_directory: join(tmpdir(), `flightsql-${randomUUID()}`) }),
    ...(locked && { autoinstall_known_extensions: "false", autoload_known_extensions: "false" }),
    ...options.config,
  });
  const database: Database = {
    locked,
    connect: () => instance.connect(),
    async use(work) {
      const connection = await instance.connect();
      try {
        return await work(connection);
      } finally {
        connection.closeSync();
      }
    },
    close: () => instance.closeSync(),
  };
  try {
    await database.use(async (connection) => {
      for (const file of files) await registerFile(connection, file);
      if (options.setup !== undefined) await connection.run(options.setup);
      if (locked) await lock(connection, files);
    });
  } catch (reason) {
    instance.closeSync();
    throw reason;
  }
  return database;
}

/** Leaves queries the named files alone, and takes the settings that say so out of their reach. */
async function lock(connection: DuckDBConnection, files: readonly DataFile[]): Promise<void> {
  const paths = files.map(({ path }) => literal(resolve(path)));
  await connection.run(`SET allowed_paths = [${paths.join(", ")}]`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}
