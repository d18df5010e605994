import type { Schema } from "apache-arrow";
import type { FlightSqlError } from "../errors.ts";
import type { QueryResult, RowOptions } from "../sql/index.ts";

/** What a reading needs of the call that it belongs to. */
export interface Call {
  /** Ends what is under way. */
  readonly stop: (reason: unknown) => void;
  /** Tidies up; called once, whether the rows were read, left or failed. */
  readonly finish: () => Promise<void>;
}

/**
 * The rows of a result as they are fetched: no batch is asked of the server before those at hand are used up.
 *
 * Its uses must not overlap, but `stop` may come at any time.
 */
export class Fetching<Row extends object> {
  /** Without fields for a statement that returns no rows; null when the server did not say. */
  readonly schema: Schema | null;
  isDone = false;
  /** Rows that have come from the server. */
  received = 0;
  readonly #batches: AsyncGenerator<Row[], void, undefined>;
  readonly #call: Call;
  #waiting: readonly Row[] = [];
  #at = 0;
  #failure: unknown;

  private constructor(schema: Schema | null, batches: AsyncGenerator<Row[], void, undefined>, call: Call) {
    this.schema = schema;
    this.#batches = batches;
    this.#call = call;
  }

  /** Waits for the first batch, so that a statement has taken effect, or failed, once it counts as executed. */
  static async open<Row extends object>(result: QueryResult, options: RowOptions, call: Call): Promise<Fetching<Row>> {
    const batches = result.rowBatches<Row>(options);
    let isFinished = false;
    const finish = async (): Promise<void> => {
      if (isFinished) return;
      isFinished = true;
      await call.finish();
    };
    try {
      const first = await batches.next();
      const schema = await schemaOf(result);
      const fetching = new Fetching<Row>(schema, batches, { ...call, finish });
      await fetching.#take(first);
      return fetching;
    } catch (thrown) {
      await batches.return();
      await finish();
      throw thrown;
    }
  }

  get hasColumns(): boolean {
    return this.schema !== null && this.schema.fields.length > 0;
  }

  /** A row that is at hand; undefined when the server has to be asked. */
  shift(): Row | undefined {
    return this.#at < this.#waiting.length ? this.#waiting[this.#at++] : undefined;
  }

  /** The next rows, fewer than `limit` only at the end. */
  async take(limit: number): Promise<Row[]> {
    const rows: Row[] = [];
    while (rows.length < limit) {
      const end = Math.min(this.#waiting.length, this.#at + limit - rows.length);
      while (this.#at < end) rows.push(this.#waiting[this.#at++]!);
      if (rows.length === limit) break;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.isDone) break;
      await this.#read();
    }
    return rows;
  }

  /** Ends the reading here and at the server. Further rows fail with `reason`. Nothing happens when it is over. */
  async stop(reason: FlightSqlError): Promise<void> {
    if (this.isDone || this.#failure !== undefined) return;
    this.#failure = reason;
    this.#waiting = [];
    this.#at = 0;
    this.#call.stop(reason);
    await this.#batches.return();
    await this.#call.finish();
  }

  async #read(): Promise<void> {
    try {
      await this.#take(await this.#batches.next());
    } catch (thrown) {
      if (this.#failure === undefined) {
        this.#failure = thrown;
        await this.#call.finish();
      }
      throw this.#failure;
    }
  }

  async #take({ done, value }: IteratorResult<Row[], void>): Promise<void> {
    if (this.#failure !== undefined) return;
    if (!done) {
      this.received += value.length;
      this.#waiting = value;
      this.#at = 0;
    } else if (!this.isDone) {
      this.isDone = true;
      await this.#call.finish();
    }
  }
}

async function schemaOf(result: QueryResult): Promise<Schema | null> {
  const { endpoints, schema } = await result.info();
  // Without a stream nobody else says what the columns are.
  return schema === null && endpoints.length === 0 ? null : await result.schema();
}
