import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  type ActionBeginTransactionResult,
  ActionBeginTransactionResultSchema,
  type ActionEndTransactionRequest,
  ActionEndTransactionRequest_EndTransaction as EndTransaction,
} from "../../gen/FlightSql_pb.ts";
import type { Call } from "../backend.ts";
import type { Database } from "./database.ts";
import { duckdbError } from "./errors.ts";
import { Lane } from "./lane.ts";
import { transactionIdleMs } from "./limits.ts";
import { Registry } from "./registry.ts";
import { Sessions } from "./sessions.ts";

/** The connections that statements run on, with the options of their sessions: one of its own each, or a transaction's. */
export class Connections {
  readonly database: Database;
  readonly sessions: Sessions = new Sessions();
  readonly #transactions: Registry<Lane>;

  constructor(database: Database) {
    this.database = database;
    const drop = (lane: Lane) => void lane.use(async (connection) => connection.closeSync());
    this.#transactions = new Registry({ what: "transaction", idleMs: transactionIdleMs, limit: 1000, drop });
  }

  /** Whether queries are kept from files and the network. */
  get locked(): boolean {
    return this.database.locked;
  }

  /** A new connection; the caller closes it. */
  async connect(call: Call): Promise<DuckDBConnection> {
    const connection = await this.database.connect();
    try {
      await this.sessions.apply(connection, call);
      return connection;
    } catch (reason) {
      connection.closeSync();
      throw duckdbError(reason);
    }
  }

  /** The connection to work on: the transaction's, or one of its own. */
  async lane(transactionId: Uint8Array | undefined, call: Call): Promise<{ lane: Lane; release: () => void }> {
    if (transactionId !== undefined) {
      const { value: lane, release } = this.#transactions.borrow(transactionId);
      return { lane, release };
    }
    const connection = await this.connect(call);
    return { lane: new Lane(connection, false), release: () => connection.closeSync() };
  }

  /** Lends `work` the connection to work on. */
  async with<T>(transactionId: Uint8Array | undefined, call: Call, work: (lane: Lane) => Promise<T>): Promise<T> {
    const { lane, release } = await this.lane(transactionId, call);
    try {
      return await work(lane);
    } catch (reason) {
      throw duckdbError(reason);
    } finally {
      release();
    }
  }

  async begin(call: Call): Promise<ActionBeginTransactionResult> {
    const connection = await this.connect(call);
    try {
      await connection.run("BEGIN TRANSACTION");
      const transactionId = this.#transactions.add(new Lane(connection, true));
      return create(ActionBeginTransactionResultSchema, { transactionId });
    } catch (reason) {
      connection.closeSync();
      throw duckdbError(reason);
    }
  }

  async end({ transactionId, action }: ActionEndTransactionRequest): Promise<void> {
    if (action !== EndTransaction.COMMIT && action !== EndTransaction.ROLLBACK)
      throw new ConnectError("A transaction ends by commit or by rollback.", Code.InvalidArgument);
    await this.#transactions.take(transactionId).use(async (connection) => {
      try {
        await connection.run(action === EndTransaction.COMMIT ? "COMMIT" : "ROLLBACK");
      } catch (reason) {
        throw duckdbError(reason);
      } finally {
        connection.closeSync();
      }
    });
  }

  close(): void {
    this.#transactions.close();
    this.sessions.close();
    this.database.close();
  }
}
