import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { writeSchema } from "../../arrow/encode.ts";
import { FlightDescriptor_DescriptorType, type FlightEndpoint, type PollInfoSchema } from "../../gen/Flight_pb.ts";
import type { Call, Result } from "../backend.ts";
import { BackgroundQuery, type Holdings } from "./background.ts";
import { maxPolled, pollIdleMs } from "./limits.ts";
import type { QueryRun } from "./query.ts";
import { Registry } from "./registry.ts";
import type { Running } from "./running.ts";
import { hex, type PollPlace, writePoll } from "./tickets.ts";

export type PollAnswer = MessageInitShape<typeof PollInfoSchema>;

// How long a poll waits for something to tell: an endpoint, the end, or, a little later, progress of a hundredth.
const longPollMs = 1000;
const progressMs = 100;
const smallestProgress = 0.01;
// DuckDB is asked for its progress; it does not tell by itself.
const askMs = 50;

/**
 * Queries that clients poll. Each is kept as long as it is polled, read or renewed now and then; then it is stopped if
 * it still runs, and its result is freed.
 */
export class Polls {
  readonly #running: Running;
  readonly #holdings: Holdings = { bytes: 0 };
  readonly #queries: Registry<BackgroundQuery> = new Registry({
    what: "polled query",
    idleMs: pollIdleMs,
    limit: maxPolled,
    isSpent: (query) => query.isSpent,
    drop: (query) => query.drop(),
  });

  constructor(running: Running) {
    this.#running = running;
  }

  /** Starts a query, and answers its first poll. */
  async begin(run: (id: string, signal: AbortSignal) => Promise<QueryRun>, call: Call): Promise<PollAnswer> {
    const query = new BackgroundQuery(this.#holdings);
    const id = this.#queries.add(query);
    void query.start((signal) => run(hex(id), signal));
    try {
      return await this.again({ id, number: 0 }, call);
    } catch (reason) {
      // Whoever asked has not learnt its id.
      this.#discard(id);
      throw reason;
    }
  }

  /** Answers another poll, by one who knows of `number` endpoints. */
  async again({ id, number }: PollPlace, { signal }: Call): Promise<PollAnswer> {
    this.#running.check(hex(id));
    const { value: query, release } = this.#queries.borrow(id);
    try {
      await news(query, number, signal);
      return answer(id, query);
    } finally {
      release();
    }
  }

  /** Reads the part of a result that a ticket names. */
  read({ id, number }: PollPlace, call: Call): Result {
    const { signal, end } = this.#running.start(hex(id), call.signal);
    let release = end;
    try {
      const borrowed = this.#queries.borrow(id);
      release = () => {
        end();
        borrowed.release();
      };
      const query = borrowed.value;
      const part = query.open(number);
      const leave = () => {
        signal.removeEventListener("abort", leave);
        part.leave();
        release();
      };
      // A reader that leaves before the first batch never starts the generator, and so never ends it.
      signal.addEventListener("abort", leave);
      return {
        // Before it is known there are no parts.
        schema: query.schema!,
        chunks: (async function* () {
          try {
            for await (const batch of part.batches) {
              signal.throwIfAborted();
              yield { batch };
            }
          } finally {
            leave();
          }
        })(),
      };
    } catch (reason) {
      release();
      throw reason;
    }
  }

  renew({ id, number }: PollPlace, endpoint: FlightEndpoint): FlightEndpoint {
    this.#running.check(hex(id));
    const query = this.#queries.get(id);
    return number < query.held ? { ...endpoint, expirationTime: expiration() } : endpoint;
  }

  /** Stops a query, if it runs, and frees its result. */
  cancel({ id }: PollPlace): void {
    this.#running.cancel(hex(id));
    this.#discard(id);
  }

  close(): void {
    this.#queries.close();
  }

  #discard(id: Uint8Array): void {
    if (this.#queries.find(id)) this.#queries.take(id).drop();
  }
}

/** Waits until there is something to tell, or for a second. */
async function news(query: BackgroundQuery, known: number, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const before = query.progress ?? 0;
  for (;;) {
    signal.throwIfAborted();
    query.throwIfFailed();
    const waited = performance.now() - started;
    const told = query.rows !== undefined || endpoints(query) > known || waited >= longPollMs;
    const moved = waited >= progressMs && Math.abs((query.progress ?? 0) - before) >= smallestProgress;
    if (told || moved) return;
    await query.change(askMs);
  }
}

function answer(id: Uint8Array, query: BackgroundQuery): PollAnswer {
  const { rows, progress, schema } = query;
  const expirationTime = expiration();
  const ticket = (number: number) => ({ ticket: writePoll({ id, number }) });
  const held = Array.from({ length: query.held }, (_, number) => ({ ticket: ticket(number), expirationTime }));
  const flightDescriptor = {
    type: FlightDescriptor_DescriptorType.CMD,
    cmd: writePoll({ id, number: endpoints(query) }),
  };
  // The query goes on when its rest is read. Who wants to hear of its end first is told that there is nothing to wait
  // for: all endpoints are there.
  const isOver = rows !== undefined || query.unreadMs >= longPollMs;
  return {
    info: {
      ...(schema && { schema: writeSchema(schema) }),
      // By which a query without endpoints can be cancelled.
      flightDescriptor,
      // Flight.proto: what has an expiration time can be read again until then.
      endpoint: query.hasRest ? [...held, { ticket: ticket(query.held) }] : held,
      totalRecords: BigInt(rows ?? -1),
      totalBytes: -1n,
      ordered: true,
    },
    ...(progress !== undefined && { progress }),
    ...(!isOver && { flightDescriptor, expirationTime }),
  };
}

function endpoints(query: BackgroundQuery): number {
  return query.held + (query.hasRest ? 1 : 0);
}

function expiration(): Timestamp {
  return timestampFromMs(Date.now() + pollIdleMs);
}
