import { isMessage } from "@bufbuild/protobuf";
import { batchLength, messageKind } from "../arrow/message.ts";
import type { FlightSqlErrorCode } from "../errors.ts";
import { FlightDataSchema } from "../gen/Flight_pb.ts";

/** Which RPC an event is about. */
export interface CallEventBase {
  /** Tells the RPCs of this process apart. */
  readonly id: number;
  /** Tells the calls of the API apart: the same for all RPCs of one query. */
  readonly callId: number;
  /** `GetFlightInfo`, `DoGet`, `DoAction BeginTransaction`; `GET` for a location that is an `http:` or `https:` URL. */
  readonly method: string;
  /** Address of the server, without the query of a URL. */
  readonly server: string;
}

/** An RPC is about to be sent. */
export interface CallStarted extends CallEventBase {
  readonly type: "started";
}

/** The first message of the answer has come. */
export interface CallFirstByte extends CallEventBase {
  readonly type: "first_byte";
  /** Milliseconds since the start, of this and every other event. */
  readonly elapsedMs: number;
}

/** An RPC has failed and is sent again after a pause. */
export interface CallRetried extends CallEventBase {
  readonly type: "retried";
  readonly elapsedMs: number;
  /** Why: `"unavailable"`, or `"unauthenticated"` when it is sent again with a renewed token. */
  readonly code: FlightSqlErrorCode;
  /** How often it was sent so far. */
  readonly attempts: number;
  /** The pause, in milliseconds. */
  readonly delayMs: number;
}

/** An RPC is over. */
export interface CallEnded extends CallEventBase {
  readonly type: "ended";
  readonly elapsedMs: number;
  /** `"ok"`, what it failed with, or `"canceled"` when its answer was not read to the end. */
  readonly code: FlightSqlErrorCode | "ok";
  /** How often it was sent. */
  readonly attempts: number;
  /** Arrow data in both directions, as sent: bytes of headers and bodies, record batches, and their rows. */
  readonly bytes: number;
  readonly batches: number;
  readonly rows: number;
}

/** What `onEvent` is told: the life of each RPC, as it happens. No event holds credentials, SQL, parameters or data. */
export type CallEvent = CallStarted | CallFirstByte | CallRetried | CallEnded;

export type OnEvent = (event: CallEvent) => void;

let rpcs = 0;

/** Tells the hook about one RPC; made only where there is a hook. */
export class CallReport {
  readonly #onEvent: OnEvent;
  readonly #base: CallEventBase;
  readonly #started = performance.now();
  #bytes = 0;
  #batches = 0;
  #rows = 0;

  constructor(onEvent: OnEvent, callId: number, method: string, server: string) {
    this.#onEvent = onEvent;
    this.#base = { id: ++rpcs, callId, method, server };
    this.#tell({ type: "started", ...this.#base });
  }

  firstByte(): void {
    this.#tell({ type: "first_byte", ...this.#base, elapsedMs: this.#elapsedMs });
  }

  retried(code: FlightSqlErrorCode, attempts: number, delayMs: number): void {
    this.#tell({ type: "retried", ...this.#base, elapsedMs: this.#elapsedMs, code, attempts, delayMs });
  }

  ended(code: FlightSqlErrorCode | "ok", attempts: number): void {
    const counts = { bytes: this.#bytes, batches: this.#batches, rows: this.#rows };
    this.#tell({ type: "ended", ...this.#base, elapsedMs: this.#elapsedMs, code, attempts, ...counts });
  }

  /** Counts a message that was sent or received, if it carries Arrow data. */
  count(message: unknown): void {
    if (!isMessage(message, FlightDataSchema)) return;
    const { dataHeader, dataBody } = message;
    this.#bytes += dataHeader.byteLength + dataBody.byteLength;
    if (dataHeader.byteLength === 0) return;
    try {
      if (messageKind(dataHeader) !== "batch") return;
      this.#rows += batchLength(dataHeader);
      this.#batches++;
    } catch {
      // Damaged: the decoder will say so to the one who reads it.
    }
  }

  /** The same messages, counted as they are sent. */
  async *counted<T>(messages: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    for await (const message of messages) {
      this.count(message);
      yield message;
    }
  }

  get #elapsedMs(): number {
    return performance.now() - this.#started;
  }

  /** A hook that fails must not fail the call; an async one must not end the process either. */
  #tell(event: CallEvent): void {
    try {
      const answer: unknown = this.#onEvent(event);
      if (answer instanceof Promise) answer.catch(() => {});
    } catch {
      // Its own business.
    }
  }
}
