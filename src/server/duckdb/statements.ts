import { create } from "@bufbuild/protobuf";
import type { RecordBatch } from "apache-arrow";
import { writeSchema } from "../../arrow/encode.ts";
import {
  type ActionClosePreparedStatementRequest,
  type ActionCreatePreparedStatementRequest,
  type ActionCreatePreparedStatementResult,
  ActionCreatePreparedStatementResultSchema,
  type CommandPreparedStatementQuery,
  CommandPreparedStatementQuerySchema,
  type CommandPreparedStatementUpdate,
} from "../../gen/FlightSql_pb.ts";
import type { Call } from "../backend.ts";
import type { Connections } from "./connections.ts";
import { preparedIdleMs } from "./limits.ts";
import { describe, Prepared } from "./prepared.ts";
import { Registry } from "./registry.ts";
import { type ReadCommand, readHandle, withBinding } from "./tickets.ts";

/** A statement as it is run. */
interface Runnable {
  readonly sql: string;
  readonly transactionId: Uint8Array | undefined;
  readonly parameters?: readonly RecordBatch[] | undefined;
}

/** The prepared statements that clients hold. */
export class Statements {
  readonly #connections: Connections;
  readonly #prepared: Registry<Prepared> = new Registry({
    what: "prepared statement",
    idleMs: preparedIdleMs,
    limit: 10_000,
  });

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async prepare(
    { query: sql, transactionId }: ActionCreatePreparedStatementRequest,
    call: Call,
  ): Promise<ActionCreatePreparedStatementResult> {
    const { locked } = this.#connections;
    const { dataset, parameters, isUpdate } = await this.#connections.with(transactionId, call, (lane) =>
      lane.use((connection) => describe(connection, sql, locked)),
    );
    return create(ActionCreatePreparedStatementResultSchema, {
      preparedStatementHandle: this.#prepared.add(new Prepared(sql, transactionId)),
      ...(dataset && { datasetSchema: writeSchema(dataset) }),
      parameterSchema: writeSchema(parameters),
      ...(isUpdate !== undefined && { isUpdate }),
    });
  }

  end({ preparedStatementHandle }: ActionClosePreparedStatementRequest): void {
    this.#prepared.take(readHandle(preparedStatementHandle).id);
  }

  /** The prepared statement of a command, and which of the parameters bound to it the command means. */
  find({ preparedStatementHandle }: CommandPreparedStatementQuery | CommandPreparedStatementUpdate): {
    id: Uint8Array;
    prepared: Prepared;
    binding: number;
  } {
    const { id, binding } = readHandle(preparedStatementHandle);
    const prepared = this.#prepared.get(id);
    return { id, prepared, binding: binding ?? prepared.bound };
  }

  /** The command with the parameters that are bound now, whatever is bound after. */
  fixed(command: ReadCommand): ReadCommand {
    if (command.$typeName === "arrow.flight.protocol.sql.CommandStatementQuery") return command;
    const { id, binding } = this.find(command);
    return create(CommandPreparedStatementQuerySchema, { preparedStatementHandle: withBinding(id, binding) });
  }

  toRun(command: ReadCommand): Runnable {
    if (command.$typeName === "arrow.flight.protocol.sql.CommandStatementQuery")
      return { sql: command.query, transactionId: command.transactionId };
    const { prepared, binding } = this.find(command);
    const { sql, transactionId } = prepared;
    return { sql, transactionId, parameters: prepared.parameters(binding) };
  }

  close(): void {
    this.#prepared.close();
  }
}
