import type { Driver, TransactionSettings } from "kysely";
import { FlightSqlError } from "../errors.ts";
import type { FlightSqlClient } from "../sql/client.ts";
import { FlightSqlConnection } from "./connection.ts";
import type { RunOptions } from "./run.ts";

/** Kysely's driver over a client. There is no pool: the client runs any number of calls at once. */
export class FlightSqlDriver implements Driver {
  readonly #client: FlightSqlClient;
  readonly #options: RunOptions;

  constructor(client: FlightSqlClient, options: RunOptions) {
    this.#client = client;
    this.#options = options;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<FlightSqlConnection> {
    return new FlightSqlConnection(this.#client, this.#options);
  }

  async beginTransaction(connection: FlightSqlConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    if (isolationLevel !== undefined) throw unavailable("isolation level", isolationLevel);
    if (accessMode !== undefined) throw unavailable("access mode", accessMode);
    await connection.begin();
  }

  async commitTransaction(connection: FlightSqlConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: FlightSqlConnection): Promise<void> {
    await connection.rollback();
  }

  async savepoint(connection: FlightSqlConnection, name: string): Promise<void> {
    await connection.savepoints.begin(name, this.#options.call);
  }

  async rollbackToSavepoint(connection: FlightSqlConnection, name: string): Promise<void> {
    await connection.savepoints.rollbackTo(name, this.#options.call);
  }

  async releaseSavepoint(connection: FlightSqlConnection, name: string): Promise<void> {
    await connection.savepoints.release(name, this.#options.call);
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#client.close();
  }
}

function unavailable(what: string, value: string): FlightSqlError {
  return new FlightSqlError(
    "unimplemented",
    `beginTransaction: the ${what} "${value}" cannot be asked for, as Flight SQL begins transactions without settings; leave it out, and set it in your server's own way if it has one`,
  );
}
