import type { RecordBatch } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import type { FlightPutChunk } from "./put.ts";
import { FlightStreamReader } from "./reader.ts";
import type { Decoded } from "./stream.ts";

/**
 * Both directions of a DoExchange: `write` and `end` what goes to the server, read what comes back as from any stream.
 *
 * Over gRPC the two sides are independent of each other. Over fetch all is sent before the first answer is read, so
 * reading before `end()` fails with `failed_precondition` there instead of waiting for ever.
 */
export class FlightExchange extends FlightStreamReader {
  readonly #upload: UploadQueue;
  readonly #start: () => void;

  /** @internal Made by `doExchange`. */
  constructor(source: AsyncGenerator<Decoded, void, undefined>, cancel: () => void, upload: UploadQueue) {
    const call = new StartableCall(source, upload);
    super(call, () => {
      upload.stop();
      cancel();
    });
    this.#upload = upload;
    this.#start = () => call.start();
  }

  /**
   * Sends a batch, metadata, or both. Resolves when the transport takes it, so that a fast writer waits for a slow
   * server; over fetch at once.
   */
  async write(chunk: RecordBatch | FlightPutChunk): Promise<void> {
    if (!this.#upload.halfDuplex) this.#start();
    await this.#upload.push(chunk);
  }

  /** Says that nothing more will be sent. Idempotent. */
  end(): void {
    this.#upload.end();
    this.#start();
  }
}

/** What is to be sent: filled by `write`, emptied by the transport. */
export class UploadQueue {
  readonly halfDuplex: boolean;
  readonly #items: { chunk: RecordBatch | FlightPutChunk; taken: () => void }[] = [];
  #state: "open" | "ended" | "stopped" = "open";
  #wake: (() => void) | undefined;

  constructor(halfDuplex: boolean) {
    this.halfDuplex = halfDuplex;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  push(chunk: RecordBatch | FlightPutChunk): Promise<void> {
    if (!this.isOpen) {
      throw new FlightSqlError(
        "failed_precondition",
        `the exchange ${this.#state === "ended" ? "was ended" : "is over"}: nothing can be written`,
      );
    }
    return new Promise((resolve) => {
      this.#items.push({ chunk, taken: resolve });
      if (this.halfDuplex) resolve();
      this.#wake?.();
    });
  }

  end(): void {
    if (this.isOpen) this.#state = "ended";
    this.#wake?.();
  }

  /** The call is over: what was not sent never will be. */
  stop(): void {
    this.#state = "stopped";
    for (const { taken } of this.#items.splice(0)) taken();
    this.#wake?.();
  }

  async *chunks(): AsyncGenerator<RecordBatch | FlightPutChunk, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        item.taken();
        yield item.chunk;
      } else if (!this.isOpen) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** A call that begins with the first write, although reading is what drives it. */
class StartableCall implements AsyncGenerator<Decoded, void, undefined> {
  readonly #source: AsyncGenerator<Decoded, void, undefined>;
  readonly #upload: UploadQueue;
  #first: Promise<IteratorResult<Decoded, void>> | undefined;
  #isFirst = true;

  constructor(source: AsyncGenerator<Decoded, void, undefined>, upload: UploadQueue) {
    this.#source = source;
    this.#upload = upload;
  }

  start(): void {
    if (this.#first !== undefined || !this.#isFirst) return;
    this.#first = this.#pull();
    // Reported to whoever reads; until then it is nobody's.
    this.#first.catch(() => {});
  }

  async next(): Promise<IteratorResult<Decoded, void>> {
    if (this.#upload.halfDuplex && this.#upload.isOpen) {
      throw new FlightSqlError(
        "failed_precondition",
        "over fetch an exchange can be read only after end(): all is sent before the first answer comes. Write everything and call end(), or use native gRPC",
      );
    }
    const first = this.#first;
    this.#first = undefined;
    this.#isFirst = false;
    return await (first ?? this.#pull());
  }

  return(): Promise<IteratorResult<Decoded, void>> {
    this.#upload.stop();
    return this.#source.return();
  }

  throw(reason: unknown): Promise<IteratorResult<Decoded, void>> {
    return this.#source.throw(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #pull(): Promise<IteratorResult<Decoded, void>> {
    let over = true;
    try {
      const result = await this.#source.next();
      over = result.done === true;
      return result;
    } finally {
      if (over) this.#upload.stop();
    }
  }
}
