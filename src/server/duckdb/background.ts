import { Code, ConnectError } from "@connectrpc/connect";
import type { RecordBatch, Schema } from "apache-arrow";
import type { Chunk } from "../backend.ts";
import { maxHeldBytes, maxHeldBytesInAll } from "./limits.ts";
import type { QueryRun } from "./query.ts";

/** What all queries together hold. */
export interface Holdings {
  bytes: number;
}

// Parts grow: the first is there early, and a long result has few. One that fills slowly is closed by the clock.
const firstPartBytes = 1 << 20;
const largestPartBytes = 8 << 20;
const firstPartMs = 200;

/**
 * A query that runs whether its result is read or not.
 *
 * The result is cut into parts, each of which can be read as soon as it is there, and again. When they are as large as
 * may be held, the query waits: the rest is one more part, which streams to whoever reads it, once.
 */
export class BackgroundQuery {
  readonly #holdings: Holdings;
  readonly #stop = new AbortController();
  readonly #parts: (readonly RecordBatch[])[] = [];
  readonly #waiting = new Set<() => void>();
  #run: QueryRun | undefined;
  /** The part that is being filled. */
  #filling: RecordBatch[] = [];
  #fillingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #rest: AsyncGenerator<RecordBatch, void, undefined> | undefined;
  #restTaken = false;
  #bytes = 0;
  #rows = 0;
  #complete = false;
  #dropped = false;
  #failure: { readonly reason: unknown } | undefined;
  /** The parts that somebody has opened. */
  readonly #opened = new Set<number>();
  #readers = 0;
  #unreadSince = 0;

  constructor(holdings: Holdings) {
    this.#holdings = holdings;
  }

  get schema(): Schema | undefined {
    return this.#run?.schema;
  }

  /** How many parts there are to be held, and read again. */
  get held(): number {
    return this.#parts.length;
  }

  /** Whether there is a part after those that streams. */
  get hasRest(): boolean {
    return this.#rest !== undefined;
  }

  /** Known when it is complete. */
  get rows(): number | undefined {
    return this.#complete ? this.#rows : undefined;
  }

  /** What part of the query's work is done: 0 to 1, undefined while DuckDB cannot tell. */
  get progress(): number | undefined {
    return this.#complete ? 1 : this.#run?.progress();
  }

  /** Whether it has been read, all of it: it is only held to be read again. */
  get isSpent(): boolean {
    return this.#complete && this.#readers === 0 && this.#opened.size >= this.#parts.length;
  }

  /** For how long it has been waiting for somebody to read its rest. */
  get unreadMs(): number {
    return this.#rest && this.#readers === 0 ? performance.now() - this.#unreadSince : 0;
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.reason;
  }

  /** Resolves at the next change, and after `ms` at the latest. */
  change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  async start(run: (signal: AbortSignal) => Promise<QueryRun>): Promise<void> {
    try {
      this.#run = await run(this.#stop.signal);
      const chunks = this.#run.chunks[Symbol.asyncIterator]();
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        const { batch } = next.value;
        if (batch === null || this.#hold(batch)) continue;
        this.#rest = this.#stream(batch, chunks);
        this.#unreadSince = performance.now();
        this.#closePart();
        return;
      }
      this.#finish();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  /**
   * Opens a part. `leave` has to be called when it is read no more.
   *
   * @throws ConnectError failed_precondition, when it is the rest and has been opened before
   */
  open(part: number): { batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>; leave: () => void } {
    const batches = this.#parts[part] ?? this.#takeRest(part);
    this.#opened.add(part);
    this.#readers++;
    let left = false;
    return {
      batches,
      leave: () => {
        if (left) return;
        left = true;
        this.#readers--;
        this.#unreadSince = performance.now();
        if (batches === this.#rest && !this.#complete) {
          const reason = new ConnectError("The reader of the last endpoint left.", Code.Canceled);
          this.#fail(reason);
          this.#stop.abort(reason);
        }
      },
    };
  }

  /** Stops the query and lets go of what it holds. */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    clearTimeout(this.#timer);
    this.#holdings.bytes -= this.#bytes;
    this.#parts.length = 0;
    this.#filling = [];
    this.#stop.abort(new ConnectError("The query was stopped: nobody asked for it any more.", Code.Canceled));
  }

  /** Whether the batch could be held. */
  #hold(batch: RecordBatch): boolean {
    const bytes = batch.data.byteLength;
    if (this.#dropped) return false;
    if (this.#bytes + bytes > maxHeldBytes || this.#holdings.bytes + bytes > maxHeldBytesInAll) return false;
    this.#bytes += bytes;
    this.#holdings.bytes += bytes;
    this.#rows += batch.numRows;
    this.#filling.push(batch);
    this.#fillingBytes += bytes;
    const parts = this.#parts.length;
    if (this.#fillingBytes >= Math.min(firstPartBytes * 2 ** parts, largestPartBytes)) this.#closePart();
    // At twice the time each: a query of days, of a row now and then, has some thirty parts.
    else this.#timer ??= setTimeout(() => this.#closePart(), firstPartMs * 2 ** Math.min(parts, 20)).unref();
    return true;
  }

  #closePart(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#filling.length > 0) this.#parts.push(this.#filling);
    this.#filling = [];
    this.#fillingBytes = 0;
    this.#changed();
  }

  async *#stream(first: RecordBatch, chunks: AsyncIterator<Chunk>): AsyncGenerator<RecordBatch, void, undefined> {
    try {
      this.#rows += first.numRows;
      yield first;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        const { batch } = next.value;
        if (batch === null) continue;
        this.#rows += batch.numRows;
        yield batch;
      }
      this.#finish();
    } catch (reason) {
      this.#fail(reason);
      throw reason;
    }
  }

  #takeRest(part: number): AsyncIterable<RecordBatch> {
    this.throwIfFailed();
    if (part !== this.#parts.length || !this.#rest)
      throw new ConnectError("The result has no such part.", Code.InvalidArgument);
    if (this.#restTaken) {
      throw new ConnectError(
        "The last endpoint of this result has been read: it is too large to be held, and streams once. Run the query again.",
        Code.FailedPrecondition,
      );
    }
    this.#restTaken = true;
    return this.#rest;
  }

  #finish(): void {
    this.#complete = true;
    this.#closePart();
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#closePart();
  }

  #changed(): void {
    for (const done of [...this.#waiting]) done();
  }
}
