import { FlightSqlError } from "../errors.ts";
import { runAction } from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import type { CallOptions } from "../flight/scope.ts";
import {
  ActionBeginSavepointRequestSchema,
  ActionBeginSavepointResultSchema,
  ActionEndSavepointRequestSchema,
  ActionEndSavepointRequest_EndSavepoint as EndSavepoint,
} from "../gen/FlightSql_pb.ts";
import { packAny, unpackAny } from "./command.ts";
import { Statements } from "./statements.ts";
import { beginTransactionId, endTransactionId } from "./transaction-calls.ts";

/** @internal How long a rollback that nobody asked for by name may take: no longer is a silent server waited for. */
export const rollbackMs = 5000;

export async function beginTransaction(connection: Connection, options: CallOptions): Promise<Transaction> {
  return new Transaction(connection, await connection.run(options, (scope) => beginTransactionId(connection, scope)));
}

/** Runs `body` in a transaction: commits when it returns, rolls back and rethrows when it throws. */
export async function inTransaction<T>(
  connection: Connection,
  body: (tx: Transaction) => Promise<T>,
  options: CallOptions,
): Promise<T> {
  const tx = await beginTransaction(connection, options);
  let value: T;
  try {
    value = await body(tx);
  } catch (thrown) {
    // The body's error is the one to report; a transaction that cannot be rolled back is gone with its connection.
    if (tx.isOpen) await tx.rollback({ timeoutMs: rollbackMs }).catch(() => {});
    throw thrown;
  }
  if (tx.isOpen) await tx.commit(options);
  return value;
}

/**
 * A transaction: everything that the client can run, until `commit()` or `rollback()`. `BeginTransaction`.
 *
 * `await using` rolls back what was not committed.
 */
export class Transaction extends Statements {
  readonly #id: Uint8Array;
  #isEnded = false;

  /** @internal Made by `beginTransaction` and `transaction`. */
  constructor(connection: Connection, transactionId: Uint8Array) {
    super(connection, transactionId);
    this.#id = transactionId;
  }

  /** Whether it has been neither committed nor rolled back. */
  get isOpen(): boolean {
    return !this.#isEnded;
  }

  /**
   * Makes its changes permanent.
   *
   * @throws FlightSqlError whose message says so when the connection failed and nobody knows whether it committed
   */
  commit(options: CallOptions = {}): Promise<void> {
    return this.#end("commit", options);
  }

  /** Undoes its changes. */
  rollback(options: CallOptions = {}): Promise<void> {
    return this.#end("rollback", options);
  }

  /** Marks a point to return to. `BeginSavepoint`. */
  async savepoint(name: string, options: CallOptions = {}): Promise<Savepoint> {
    const request = packAny(ActionBeginSavepointRequestSchema, { transactionId: this.#id, name });
    const answer = await this.connection.run(options, (scope) =>
      runAction(this.connection, scope, "BeginSavepoint", request),
    );
    const { savepointId } = unpackAny(ActionBeginSavepointResultSchema, answer);
    return new Savepoint(this.connection, savepointId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isOpen) await this.rollback({ timeoutMs: rollbackMs });
  }

  async #end(how: "commit" | "rollback", options: CallOptions): Promise<void> {
    if (this.#isEnded) throw new FlightSqlError("failed_precondition", "the transaction has ended");
    this.#isEnded = true;
    await this.connection.run(options, (scope) => endTransactionId(this.connection, scope, this.#id, how));
  }
}

/** A point in a transaction to return to. */
export class Savepoint {
  readonly #connection: Connection;
  readonly #id: Uint8Array;

  /** @internal Made by `Transaction.savepoint`. */
  constructor(connection: Connection, id: Uint8Array) {
    this.#connection = connection;
    this.#id = id;
  }

  /** Forgets the point; the changes since stay part of the transaction. */
  release(options: CallOptions = {}): Promise<void> {
    return this.#end(EndSavepoint.RELEASE, options);
  }

  /** Undoes the changes since. */
  rollback(options: CallOptions = {}): Promise<void> {
    return this.#end(EndSavepoint.ROLLBACK, options);
  }

  async #end(action: EndSavepoint, options: CallOptions): Promise<void> {
    const request = packAny(ActionEndSavepointRequestSchema, { savepointId: this.#id, action });
    await this.#connection.run(options, (scope) => runAction(this.#connection, scope, "EndSavepoint", request));
  }
}
