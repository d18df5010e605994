import { FlightSqlError } from "../errors.ts";
import type { CallOptions, Savepoint, Transaction } from "../sql/index.ts";

/** The savepoints of a transaction by name, as SQL has them: names may repeat, and the last one of a name is meant. */
export class Savepoints {
  readonly #transaction: Transaction;
  readonly #open: { readonly name: string; readonly savepoint: Savepoint }[] = [];

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  async begin(name: string, options: CallOptions): Promise<void> {
    this.#open.push({ name, savepoint: await this.#transaction.savepoint(name, options) });
  }

  /** Forgets a savepoint and those after it. */
  async release(name: string, options: CallOptions): Promise<void> {
    await this.#take(name).release(options);
  }

  /** Undoes what came after a savepoint, which stays. */
  async rollbackTo(name: string, options: CallOptions): Promise<void> {
    await this.#take(name).rollback(options);
    // In SQL one can return to a savepoint again; in Flight SQL, returning ends it.
    await this.begin(name, options);
  }

  #take(name: string): Savepoint {
    const at = this.#open.findLastIndex((one) => one.name === name);
    const [found] = at < 0 ? [] : this.#open.splice(at);
    if (found === undefined) {
      throw new FlightSqlError("failed_precondition", `the transaction has no savepoint ${JSON.stringify(name)}`);
    }
    return found.savepoint;
  }
}
