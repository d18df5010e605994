import { Code, ConnectError } from "@connectrpc/connect";
import type {
  Action,
  ActionAnswer,
  Backend,
  Call,
  Command,
  Info,
  PutAnswer,
  Result,
  SqlCommand,
  Ticket,
  Upload,
} from "./backend.ts";
import { act, actions } from "./duckdb/actions.ts";
import { Connections } from "./duckdb/connections.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./duckdb/database.ts";
import type { PollAnswer } from "./duckdb/polls.ts";
import { Reads } from "./duckdb/reads.ts";
import { Statements } from "./duckdb/statements.ts";
import { readPoll } from "./duckdb/tickets.ts";
import { Writes } from "./duckdb/writes.ts";

export type { DatabaseOptions as DuckDbOptions } from "./duckdb/database.ts";

/**
 * A backend over an embedded DuckDB; needs the package `@duckdb/node-api`.
 *
 * Results stream: the first batch goes out before the query is done, DuckDB waits while the client does not read, and
 * stops when it goes away. Each statement has a connection of its own, those of a transaction share one. A query that
 * is polled runs by itself; what it has made so far, up to 64 MiB, is held for its reader. What nobody uses is dropped:
 * a polled query is stopped and its result freed after 2 minutes, a transaction is rolled back after 5, a prepared
 * statement closed after 30, a session ended after 30.
 *
 * Each read of a result's next rows takes one of libuv's threads until they are there, of all but one: with the usual
 * four, three results that pause for long keep the others waiting. A process that serves many sets the environment
 * variable `UV_THREADPOOL_SIZE`, as `flightsql serve` does.
 *
 * @throws Error when the database or one of the files cannot be opened
 */
export async function duckdbBackend(options: DatabaseOptions = {}): Promise<Backend & { close(): Promise<void> }> {
  return new DuckDbBackend(await openDatabase(options));
}

class DuckDbBackend implements Backend {
  readonly actions = actions;
  readonly #connections: Connections;
  readonly #statements: Statements;
  readonly #reads: Reads;
  readonly #writes: Writes;

  constructor(database: Database) {
    this.#connections = new Connections(database);
    this.#statements = new Statements(this.#connections);
    this.#reads = new Reads(this.#connections, this.#statements);
    this.#writes = new Writes(this.#connections, this.#statements);
  }

  async getFlightInfo(command: Command, call: Call): Promise<Info> {
    return await this.#reads.info(sqlOf(command), call);
  }

  async pollFlightInfo(command: Command, call: Call): Promise<PollAnswer> {
    // The descriptor of a poll that was answered before.
    const again = command.kind === "bytes" ? readPoll(command.bytes) : undefined;
    return again ? await this.#reads.pollAgain(again, call) : await this.#reads.poll(sqlOf(command), call);
  }

  doGet(ticket: Ticket, call: Call): Promise<Result> {
    return this.#reads.get(ticket, call);
  }

  async *doPut(command: Command, upload: Upload, call: Call): AsyncGenerator<PutAnswer, void, undefined> {
    yield await this.#writes.put(sqlOf(command), upload, call);
  }

  async *doAction(action: Action, call: Call): AsyncGenerator<ActionAnswer, void, undefined> {
    const answer = await act(action, call, {
      connections: this.#connections,
      statements: this.#statements,
      reads: this.#reads,
    });
    if (answer) yield answer;
  }

  async close(): Promise<void> {
    this.#reads.close();
    this.#statements.close();
    this.#connections.close();
  }
}

function sqlOf(command: Command): SqlCommand {
  if (command.kind === "sql") return command.message;
  throw new ConnectError("This server takes Flight SQL commands only.", Code.InvalidArgument);
}
