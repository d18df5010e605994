import { Code, ConnectError } from "@connectrpc/connect";
import { writeSchema } from "../../arrow/encode.ts";
import type { FlightEndpoint, FlightInfo } from "../../gen/Flight_pb.ts";
import type { Call, Info, Result, SqlCommand, Ticket } from "../backend.ts";
import { writeAny } from "../messages.ts";
import type { Connections } from "./connections.ts";
import { metadata } from "./metadata.ts";
import { type PollAnswer, Polls } from "./polls.ts";
import { type QueryRun, runQuery } from "./query.ts";
import { Running } from "./running.ts";
import { parseScript, statementLayout } from "./statement.ts";
import type { Statements } from "./statements.ts";
import {
  type PollPlace,
  pollPlace,
  type ReadCommand,
  readPoll,
  readTicket,
  statementTicket,
  unknownTicket,
  writeTicket,
} from "./tickets.ts";

/** What is read: queries, planned or polled, and metadata. */
export class Reads {
  readonly #connections: Connections;
  readonly #statements: Statements;
  readonly #running = new Running();
  readonly #polls = new Polls(this.#running);

  constructor(connections: Connections, statements: Statements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  /** Runs no query. */
  async info(message: SqlCommand, call: Call): Promise<Info> {
    if (isRead(message)) return await this.#plan(this.#statements.fixed(message), call);
    const { schema } = await this.#metadata(message, call);
    return info(schema && writeSchema(schema), writeAny(message));
  }

  /** Starts a query, and answers when there is something to tell of it. */
  async poll(message: SqlCommand, call: Call): Promise<PollAnswer> {
    // Metadata is no work.
    if (!isRead(message)) return { info: await this.info(message, call), progress: 1 };
    const command = this.#statements.fixed(message);
    return await this.#polls.begin((id, signal) => this.#run(id, command, call, signal, true), call);
  }

  async pollAgain(place: PollPlace, call: Call): Promise<PollAnswer> {
    return await this.#polls.again(place, call);
  }

  async get(ticket: Ticket, call: Call): Promise<Result> {
    if (ticket.kind !== "sql") throw unknownTicket();
    const { message } = ticket;
    if (message.$typeName !== "arrow.flight.protocol.sql.TicketStatementQuery") return this.#metadata(message, call);
    const place = pollPlace(message);
    if (place) return this.#polls.read(place, call);
    const { id, command } = readTicket(message);
    return await this.#run(id, command, call, call.signal, false);
  }

  /** Whether there was a query to stop. */
  cancel(flight: FlightInfo | undefined): boolean {
    // A polled query may have no endpoint yet.
    const polled = readPoll(flight?.flightDescriptor?.cmd);
    if (polled) {
      this.#polls.cancel(polled);
      return true;
    }
    const tickets = (flight?.endpoint ?? []).map(({ ticket }) => statementTicket(ticket?.ticket));
    const found = tickets.filter((ticket) => ticket !== undefined);
    for (const ticket of found) {
      const place = pollPlace(ticket);
      if (place) this.#polls.cancel(place);
      else this.#running.cancel(readTicket(ticket).id);
    }
    return found.length > 0;
  }

  /** Keeps the result an endpoint is of. Those of queries that are not polled never expire. */
  renew(endpoint: FlightEndpoint | undefined): FlightEndpoint {
    if (!endpoint) throw new ConnectError("RenewFlightEndpoint needs the endpoint to renew.", Code.InvalidArgument);
    const place = readPoll(endpoint.ticket?.ticket);
    return place ? this.#polls.renew(place, endpoint) : endpoint;
  }

  close(): void {
    this.#polls.close();
  }

  /** Runs nothing. A text of several statements has a last one that may need those before it: its schema comes later. */
  async #plan(command: ReadCommand, call: Call): Promise<Info> {
    const { sql, transactionId } = this.#statements.toRun(command);
    const schema = await this.#connections.with(transactionId, call, (lane) =>
      lane.use(async (connection) => {
        const script = await parseScript(connection, sql, this.#connections.locked);
        if (script.count > 1) return undefined;
        const statement = await script.prepare(0);
        try {
          return statementLayout(statement)?.schema;
        } finally {
          statement.destroySync();
        }
      }),
    );
    return info(schema && writeSchema(schema), writeAny(writeTicket(command)));
  }

  /** Runs a query until `parent` aborts, or whoever knows `id` cancels it. */
  async #run(id: string, command: ReadCommand, call: Call, parent: AbortSignal, observed: boolean): Promise<QueryRun> {
    const { signal, end } = this.#running.start(id, parent);
    try {
      const { sql, transactionId, parameters } = this.#statements.toRun(command);
      const { lane, release } = await this.#connections.lane(transactionId, call);
      return await runQuery({ lane, sql, parameters, locked: this.#connections.locked, signal, observed }, () => {
        end();
        release();
      });
    } catch (reason) {
      end();
      throw reason;
    }
  }

  async #metadata(message: SqlCommand, call: Call): Promise<Result> {
    const connection = await this.#connections.connect(call);
    try {
      return await metadata(connection, message);
    } finally {
      connection.closeSync();
    }
  }
}

function isRead(message: SqlCommand): message is ReadCommand {
  return (
    message.$typeName === "arrow.flight.protocol.sql.CommandStatementQuery" ||
    message.$typeName === "arrow.flight.protocol.sql.CommandPreparedStatementQuery"
  );
}

/** One endpoint without a location: to be read where it was planned. How much it will be, DuckDB does not say. */
function info(schema: Uint8Array | undefined, ticket: Uint8Array): Info {
  return {
    ...(schema && { schema }),
    endpoint: [{ ticket: { ticket } }],
    totalRecords: -1n,
    totalBytes: -1n,
    // One endpoint is always in order.
    ordered: true,
  };
}
