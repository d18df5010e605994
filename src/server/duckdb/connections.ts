import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

const idleLimit = 8;

/** Connections to one database: one statement at a time on each, kept for the next when done. */
export class Connections {
  readonly #instance: DuckDBInstance;
  readonly #idle: DuckDBConnection[] = [];
  #closed = false;

  constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  async acquire(): Promise<DuckDBConnection> {
    if (this.#closed) throw new Error("The database is closed.");
    return this.#idle.pop() ?? (await this.#instance.connect());
  }

  /** Gives a connection back. Nothing may be running on it. */
  release(connection: DuckDBConnection): void {
    if (this.#closed || this.#idle.length >= idleLimit) connection.closeSync();
    else this.#idle.push(connection);
  }

  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      return await work(connection);
    } finally {
      this.release(connection);
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.closeSync();
  }
}
