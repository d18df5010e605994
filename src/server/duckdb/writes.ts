import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { RecordBatch } from "apache-arrow";
import {
  type CommandPreparedStatementUpdate,
  DoPutPreparedStatementResultSchema,
  DoPutUpdateResultSchema,
} from "../../gen/FlightSql_pb.ts";
import type { Call, PutAnswer, SqlCommand, Upload } from "../backend.ts";
import { unimplemented } from "../routes.ts";
import type { Connections } from "./connections.ts";
import { ingest } from "./ingest.ts";
import type { Lane } from "./lane.ts";
import { maxParameterBytes } from "./limits.ts";
import { runUpdate } from "./query.ts";
import type { Statements } from "./statements.ts";

/** What is uploaded: updates, parameters and ingested data. */
export class Writes {
  readonly #connections: Connections;
  readonly #statements: Statements;

  constructor(connections: Connections, statements: Statements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  async put(message: SqlCommand, upload: Upload, call: Call): Promise<PutAnswer> {
    const { locked } = this.#connections;
    const { signal } = call;
    switch (message.$typeName) {
      case "arrow.flight.protocol.sql.CommandStatementUpdate": {
        const { query: sql, transactionId } = message;
        return changed(
          await this.#connections.with(transactionId, call, (lane) => runUpdate({ lane, sql, locked, signal })),
        );
      }
      case "arrow.flight.protocol.sql.CommandPreparedStatementQuery": {
        const { id, prepared } = this.#statements.find(message);
        prepared.bind(await readAll(upload));
        return create(DoPutPreparedStatementResultSchema, { preparedStatementHandle: id });
      }
      case "arrow.flight.protocol.sql.CommandPreparedStatementUpdate":
        return changed(await this.#updatePrepared(message, upload, call));
      case "arrow.flight.protocol.sql.CommandStatementIngest":
        return changed(
          await this.#connections.with(message.transactionId, call, (lane) =>
            atomic(lane, () => ingest(lane, message, upload, signal)),
          ),
        );
      default:
        throw unimplemented(message.$typeName.slice(message.$typeName.lastIndexOf(".") + 1));
    }
  }

  async #updatePrepared(command: CommandPreparedStatementUpdate, upload: Upload, call: Call): Promise<bigint> {
    const { prepared, binding } = this.#statements.find(command);
    const given = await readAll(upload);
    // Some clients bind first, as for a query, and then run the update without data. Neither gives rows without columns.
    const hasColumns = (given[0]?.schema.fields.length ?? 0) > 0;
    const parameters = hasColumns ? given : prepared.parameters(binding);
    const { sql, transactionId } = prepared;
    const execution = { sql, parameters, locked: this.#connections.locked, signal: call.signal };
    const rows = parameters?.reduce((sum, batch) => sum + batch.numRows, 0) ?? 1;
    return await this.#connections.with(transactionId, call, (lane) => {
      const run = () => runUpdate({ lane, ...execution });
      return rows > 1 ? atomic(lane, run) : run();
    });
  }
}

function changed(recordCount: bigint): PutAnswer {
  return create(DoPutUpdateResultSchema, { recordCount });
}

/** All or nothing: in a transaction of its own, unless it is part of one. */
async function atomic<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
  if (lane.shared) return await work();
  await lane.connection.run("BEGIN TRANSACTION");
  try {
    const value = await work();
    await lane.connection.run("COMMIT");
    return value;
  } catch (reason) {
    // It may be over already, as after a commit that failed.
    await lane.connection.run("ROLLBACK").catch(() => {});
    throw reason;
  }
}

async function readAll(upload: Upload): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  let bytes = 0;
  await upload.schema();
  for await (const { batch } of upload) {
    if (!batch) continue;
    bytes += batch.data.byteLength;
    if (bytes > maxParameterBytes) {
      throw new ConnectError(
        `Parameters may be ${maxParameterBytes >> 20} MiB at most: use ingest for more.`,
        Code.ResourceExhausted,
      );
    }
    batches.push(batch);
  }
  return batches;
}
