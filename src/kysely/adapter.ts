import { DialectAdapterBase } from "kysely";

export interface FlightSqlAdapterOptions {
  /**
   * Whether the server undoes CREATE, ALTER and DROP with their transaction: migrations then run in one. Default
   * `false`; `FlightSqlDialect.create` asks the server.
   */
  transactionalDdl?: boolean | undefined;
}

/**
 * What Kysely has to know of a server besides its SQL.
 *
 * Flight SQL has no locks, so migrations that start at the same time run at the same time. With `transactionalDdl` all
 * but one of them then fail when they note what they did, and are undone. Without it, start migrations in one place only.
 */
export class FlightSqlAdapter extends DialectAdapterBase {
  readonly #transactionalDdl: boolean;

  constructor(options: FlightSqlAdapterOptions = {}) {
    super();
    this.#transactionalDdl = options.transactionalDdl ?? false;
  }

  override get supportsCreateIfNotExists(): boolean {
    return true;
  }

  override get supportsTransactionalDdl(): boolean {
    return this.#transactionalDdl;
  }

  /** Servers without RETURNING refuse it themselves. */
  override get supportsReturning(): boolean {
    return true;
  }

  async acquireMigrationLock(): Promise<void> {}

  async releaseMigrationLock(): Promise<void> {}
}
