import { type RecordBatch, type Schema, Table } from "apache-arrow";
import { batchRows, type RowOptions } from "../arrow/rows.ts";
import { FlightSqlError } from "../errors.ts";
import type { Connection } from "../flight/connection.ts";
import type { FlightInfo, PollInfo } from "../flight/model.ts";
import type { CallScope } from "../flight/scope.ts";
import type { CancelResult } from "../flight/session.ts";
import { Turns } from "../flight/turn.ts";
import { cancelQuery } from "./cancel.ts";
import type { QueryOptions } from "./progress.ts";
import { type IpcOptions, ResultStream } from "./result-stream.ts";

/** How a query is planned: how it comes by its FlightInfo, and what it has to tidy up when it is over. */
export interface QueryPlan {
  readonly open: (scope: CallScope) => Promise<{ info: FlightInfo; updates?: AsyncIterable<PollInfo> | undefined }>;
  readonly dispose?: (() => Promise<void>) | undefined;
}

/**
 * The result of a query: sent when it is first asked for something, read once, by one consumer.
 *
 * `info()` and `schema()` consume nothing and may be asked any time. Leaving a loop over the result, `cancel()`, an
 * aborted signal and `timeoutMs` all end the reading at the server too.
 *
 * @example
 * ```ts
 * import { FlightSqlClient } from "flightsql";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * try {
 *   const table = await client.query("SELECT 42 AS answer").table();
 *   console.log(table.numRows);
 *   for await (const row of client.query("SELECT 42 AS answer").rows<{ answer: number }>()) console.log(row.answer);
 * } finally {
 *   await client.close();
 * }
 * ```
 */
export class QueryResult implements AsyncIterable<RecordBatch> {
  readonly #connection: Connection;
  readonly #options: QueryOptions;
  readonly #plan: QueryPlan;
  #scope: CallScope | undefined;
  #isCancelled = false;
  #stream: Promise<ResultStream> | undefined;
  #consumed = false;

  /** @internal Made by the client's methods. */
  constructor(connection: Connection, options: QueryOptions, plan: QueryPlan) {
    this.#connection = connection;
    this.#options = options;
    this.#plan = plan;
  }

  /** What GetFlightInfo answered. */
  async info(): Promise<FlightInfo> {
    const stream = await this.#open();
    this.#rest(stream);
    return stream.info;
  }

  /** The schema: the FlightInfo's or, when that has none, the stream's, whose first message is then read. */
  async schema(): Promise<Schema> {
    const stream = await this.#open();
    const { schema } = stream.info;
    if (schema === null) return await stream.schema();
    this.#rest(stream);
    return schema;
  }

  /** All of it as one table; an empty result keeps its schema. */
  async table(): Promise<Table> {
    const stream = await this.#consume();
    stream.holdEverything();
    const batches: RecordBatch[] = [];
    for await (const batch of stream.batches()) batches.push(batch);
    return new Table(stream.readSchema(), batches);
  }

  /** All rows. See `rows` for the options. */
  async all<Row = Record<string, unknown>>(options: RowOptions = {}): Promise<Row[]> {
    const stream = await this.#consume();
    stream.holdEverything();
    const all: Row[] = [];
    for await (const rows of rowsOf<Row>(stream, options)) for (const row of rows) all.push(row);
    return all;
  }

  /**
   * The rows one by one, made as they are asked for.
   *
   * @param options which JavaScript values the types with several sensible ones become, and `as: "array"`
   */
  async *rows<Row = Record<string, unknown>>(options: RowOptions = {}): AsyncGenerator<Row, void, undefined> {
    for await (const rows of this.rowBatches<Row>(options)) yield* rows;
  }

  /** The rows in arrays as they arrive: one batch, or a slice of a large one, at a time. */
  async *rowBatches<Row = Record<string, unknown>>(options: RowOptions = {}): AsyncGenerator<Row[], void, undefined> {
    yield* rowsOf<Row>(await this.#consume(), options);
  }

  /** The record batches as they arrive. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch, void, undefined> {
    yield* (await this.#consume()).batches();
  }

  /**
   * The result as an Arrow IPC stream, for any reader of Arrow: one schema and one end marker, bodies as the server
   * sent them, nothing decoded.
   *
   * @param options `decompress: true` inflates compressed bodies, for readers that have no codecs
   */
  ipc(options: IpcOptions = {}): ReadableStream<Uint8Array> {
    let parts: AsyncGenerator<Uint8Array, void, undefined> | undefined;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          parts ??= (await this.#consume()).ipc(options);
          const { done, value } = await parts.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          this.#abandon();
          await parts?.return();
        },
      },
      // Nothing is read before somebody asks.
      { highWaterMark: 0 },
    );
  }

  /**
   * Stops reading at once, then asks the server to stop the query, for at most 5 seconds.
   *
   * @returns what the server said; `"unspecified"` when it cannot cancel, or there was nothing to cancel
   */
  async cancel(): Promise<CancelResult> {
    const stream = this.#stream;
    this.#abandon();
    const opened = await stream?.catch(() => undefined);
    if (opened === undefined) return "unspecified";
    const wasDone = opened.isDone;
    await opened.close();
    if (wasDone) return "unspecified";
    return await cancelQuery(this.#connection, opened.info).catch(() => "unspecified" as const);
  }

  #abandon(): void {
    this.#isCancelled = true;
    if (this.#scope?.isOver === false) this.#scope.stop(new FlightSqlError("canceled", "the result was cancelled"));
  }

  /** Perhaps nobody will ask for more, so nothing is held until somebody does. */
  #rest(stream: ResultStream): void {
    if (!this.#consumed) stream.suspend();
  }

  async #consume(): Promise<ResultStream> {
    if (this.#consumed) {
      throw new FlightSqlError(
        "failed_precondition",
        "this result is already being read: a result has one consumer; run the query again or keep its table()",
      );
    }
    this.#consumed = true;
    return await this.#open();
  }

  #open(): Promise<ResultStream> {
    this.#stream ??= this.#start();
    return this.#stream;
  }

  async #start(): Promise<ResultStream> {
    const scope = this.#connection.scope(this.#options);
    this.#scope = scope;
    if (this.#isCancelled) this.#abandon();
    const started = performance.now();
    const finish = async (): Promise<void> => {
      scope.end();
      const disposed = this.#plan.dispose?.();
      // Whoever has given up waits for nothing more: it goes on by itself.
      if (!scope.wasStopped) await disposed;
    };
    try {
      const { info, updates } = await this.#plan.open(scope);
      return new ResultStream(this.#connection, scope, info, {
        started,
        onProgress: this.#options.onProgress,
        updates,
        finish,
      });
    } catch (thrown) {
      await finish();
      throw thrown;
    }
  }
}

// What is made without a break keeps a page from drawing, and a server from answering, for so long at most.
const sliceMs = 12;

async function* rowsOf<Row>(stream: ResultStream, options: RowOptions): AsyncGenerator<Row[], void, undefined> {
  const turns = new Turns(sliceMs);
  for await (const batch of stream.batches()) {
    for (const rows of batchRows<Row>(batch, options)) {
      yield rows;
      // Batches that have come already follow each other without the event loop having a turn.
      const due = turns.next();
      if (due !== undefined) await due;
    }
  }
}
