import { type RecordBatch, type Schema, Table } from "apache-arrow";
import { batchRows, type RowOptions } from "../arrow/rows.ts";
import { FlightSqlError } from "../errors.ts";
import type { Decoded } from "./stream.ts";

/** One message of a data stream: a batch with the metadata that came beside it, or metadata alone. */
export interface FlightStreamChunk {
  readonly batch: RecordBatch | null;
  /** Empty when the server sent none. */
  readonly appMetadata: Uint8Array;
}

/**
 * Reads one stream of record batches: what DoGet and DoExchange answer.
 *
 * The call begins with the first read, and only what is read is fetched, up to the transport's windows. Leaving a
 * `for await` loop over it, or `cancel()`, ends the call at the server.
 *
 * @example
 * ```ts
 * import { FlightSqlClient } from "flightsql";
 *
 * const client = new FlightSqlClient("http://127.0.0.1:31337");
 * try {
 *   const info = await client.execute("SELECT 42 AS answer");
 *   const reader = client.doGet(info.endpoints[0]!.ticket);
 *   for await (const { batch, appMetadata } of reader) console.log(batch?.numRows, appMetadata.byteLength);
 * } finally {
 *   await client.close();
 * }
 * ```
 */
export class FlightStreamReader implements AsyncIterable<FlightStreamChunk> {
  readonly #source: AsyncGenerator<Decoded, void, undefined>;
  readonly #cancel: () => void;
  #schema: Schema | null = null;
  /** Read while the schema was looked for. */
  #ahead: FlightStreamChunk | null = null;

  /** @internal Made by `doGet` and `doExchange`. */
  constructor(source: AsyncGenerator<Decoded, void, undefined>, cancel: () => void) {
    this.#source = source;
    this.#cancel = cancel;
  }

  /**
   * The stream's schema, read from its first message.
   *
   * @throws FlightSqlError `data_loss` when the stream ends without one
   */
  async schema(): Promise<Schema> {
    while (this.#schema === null && this.#ahead === null) {
      const { done, value } = await this.#source.next();
      if (done) throw new FlightSqlError("data_loss", "the stream ended without a schema");
      if (value.kind === "schema") this.#schema = value.schema;
      else this.#ahead = value;
    }
    if (this.#schema === null) throw new FlightSqlError("data_loss", "the stream has data before its schema");
    return this.#schema;
  }

  /** The next chunk, or null at the end of the stream. */
  async readChunk(): Promise<FlightStreamChunk | null> {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead !== null) return ahead;
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done) return null;
      if (value.kind === "chunk") return { batch: value.batch, appMetadata: value.appMetadata };
      this.#schema = value.schema;
    }
  }

  /** What remains of the stream as one table; an empty one keeps the schema. */
  async readAll(): Promise<Table> {
    const batches: RecordBatch[] = [];
    for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk()) {
      if (chunk.batch !== null) batches.push(chunk.batch);
    }
    return new Table(await this.schema(), batches);
  }

  /** What remains of the stream as plain objects. */
  async readRows<Row = Record<string, unknown>>(options: RowOptions = {}): Promise<Row[]> {
    const rows: Row[] = [];
    for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk()) {
      if (chunk.batch === null) continue;
      for (const slice of batchRows<Row>(chunk.batch, options)) for (const row of slice) rows.push(row);
    }
    return rows;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FlightStreamChunk, void, undefined> {
    try {
      for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk()) yield chunk;
    } finally {
      this.cancel();
    }
  }

  /** Ends the call here and at the server. Idempotent; nothing happens when the stream has ended. */
  cancel(): void {
    this.#cancel();
    // Lets a stream that nobody waits for run its end.
    this.#source.return().catch(() => {});
  }
}
