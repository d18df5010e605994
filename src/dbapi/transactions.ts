import { FlightSqlError } from "../errors.ts";
import type { FlightSqlClient } from "../sql/client.ts";
import { type CallOptions, SqlInfo, type Transaction } from "../sql/index.ts";
import type { Statements } from "../sql/statements.ts";

/** The transaction of a connection: begun by its first statement, ended by commit or rollback, and so on. */
export class Transactions {
  readonly #client: FlightSqlClient;
  #autocommit: boolean | null;
  /** Whether it was the caller who wanted autocommit. */
  readonly #isChosen: boolean;
  /** Null on a server that has none. */
  #open: Promise<Transaction | null> | undefined;

  constructor(client: FlightSqlClient, autocommit: boolean) {
    this.#client = client;
    this.#isChosen = autocommit;
    this.#autocommit = autocommit ? true : null;
  }

  get autocommit(): boolean | null {
    return this.#autocommit;
  }

  /** What to run the next statement on. */
  async statements(options: CallOptions): Promise<Statements> {
    while (this.#autocommit !== true) {
      const isMine = this.#open === undefined;
      this.#open ??= this.#begin(options);
      try {
        return (await this.#open) ?? this.#client;
      } catch (thrown) {
        // What another statement began may have ended with that statement's signal.
        if (isMine) throw thrown;
      }
    }
    return this.#client;
  }

  /** Whether there is something to commit or to roll back. */
  get isOpen(): boolean {
    return this.#open !== undefined && this.#autocommit !== true;
  }

  async commit(options: CallOptions): Promise<void> {
    await (await this.#take())?.commit(options);
  }

  async rollback(options: CallOptions): Promise<void> {
    const open = await this.#take();
    if (open !== null) await open.rollback(options);
    else if (this.#autocommit === true && !this.#isChosen) {
      throw new FlightSqlError(
        "unimplemented",
        "rollback: the server has no transactions, so each statement was committed as it ran",
      );
    }
  }

  /** The transaction under way, which from now on is the caller's to end. */
  async #take(): Promise<Transaction | null> {
    const open = this.#open;
    this.#open = undefined;
    return (await open?.catch(() => null)) ?? null;
  }

  async #begin(options: CallOptions): Promise<Transaction | null> {
    try {
      const transaction = await this.#client.beginTransaction(options);
      this.#autocommit = false;
      return transaction;
    } catch (thrown) {
      if (await this.#hasNone(thrown, options)) {
        this.#autocommit = true;
        return null;
      }
      this.#open = undefined;
      throw thrown;
    }
  }

  /** Servers that do not know the action do not all say so: what they tell of themselves decides then. */
  async #hasNone(refusal: unknown, options: CallOptions): Promise<boolean> {
    if (!(refusal instanceof FlightSqlError)) return false;
    if (refusal.code === "unimplemented") return true;
    if (!["invalid_argument", "not_found", "unknown", "internal"].includes(refusal.code)) return false;
    const id = SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION;
    const info = await this.#client.getSqlInfo([id], options).catch(() => null);
    // SqlSupportedTransaction: 0 is none. A server that does not even list it has none either.
    return info !== null && Number(info.get(id) ?? 0) === 0;
  }
}
