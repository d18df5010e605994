/** How the endpoints of a result are read side by side. */
export interface EndpointOptions {
  /** Endpoints read at the same time. Default 8 over gRPC; 3 over fetch, as browsers allow 6 connections a host. */
  parallelism?: number | undefined;
  /** Items that may wait for each endpoint while others are read. Default 5. */
  queue?: number | undefined;
  /** `"endpoint"`: as the FlightInfo lists them; `"arrival"`: as data comes, unless the server says that order matters. Default `"endpoint"`. */
  order?: "endpoint" | "arrival" | undefined;
}

/** `EndpointOptions` with its defaults filled in. */
export interface JoinOptions {
  parallelism: number;
  queue: number;
  order: "endpoint" | "arrival";
}

/** Reads one part; aborting the signal must end it. */
export type Part<T> = () => AsyncIterable<T>;

/**
 * Joins parts to one stream: up to `parallelism` are read at once, each at most `queue` items ahead.
 *
 * A part's failure is thrown when its turn comes, after everything before it.
 *
 * @param stop ends all reading; called when the consumer leaves early
 */
export async function* joinParts<T>(
  parts: readonly Part<T>[],
  options: JoinOptions,
  stop: () => void,
): AsyncGenerator<T, void, undefined> {
  if (parts.length === 1) {
    yield* parts[0]!();
    return;
  }
  const running: Pump<T>[] = [];
  let next = 0;
  const ring = new Bell();
  const fill = (): void => {
    while (next < parts.length && running.length < options.parallelism)
      running.push(new Pump(parts[next++]!(), options.queue, ring));
  };
  try {
    for (fill(); running.length > 0; fill()) {
      const ready =
        options.order === "arrival"
          ? running.find((pump) => pump.isReady)
          : running[0]?.isReady
            ? running[0]
            : undefined;
      if (ready === undefined) await ring.next();
      else if (ready.hasItem) yield ready.take();
      else {
        ready.finish();
        running.splice(running.indexOf(ready), 1);
      }
    }
  } finally {
    stop();
    // Nobody will look at what the others still fail with.
    for (const pump of running) pump.abandon();
  }
}

/** Wakes the one that waits for any of many. */
class Bell {
  #ring: (() => void) | undefined;

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve;
    });
  }

  ring(): void {
    this.#ring?.();
    this.#ring = undefined;
  }
}

/** Reads a part ahead of its consumer. */
class Pump<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  readonly #bell: Bell;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #abandoned = false;
  #room: (() => void) | undefined;

  constructor(source: AsyncIterable<T>, limit: number, bell: Bell) {
    this.#limit = limit;
    this.#bell = bell;
    void this.#run(source);
  }

  /** Whether there is an item, the end or a failure to be had. */
  get isReady(): boolean {
    return this.#items.length > 0 || this.#ended;
  }

  get hasItem(): boolean {
    return this.#items.length > 0;
  }

  take(): T {
    this.#room?.();
    this.#room = undefined;
    return this.#items.shift()!;
  }

  /** Throws what the part failed with. */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  abandon(): void {
    this.#abandoned = true;
    this.#room?.();
  }

  async #run(source: AsyncIterable<T>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#abandoned) break;
        this.#items.push(item);
        this.#bell.ring();
        if (this.#items.length >= this.#limit) {
          await new Promise<void>((resolve) => {
            this.#room = resolve;
          });
        }
      }
    } catch (reason) {
      this.#failure = { reason };
    } finally {
      this.#ended = true;
      this.#bell.ring();
    }
  }
}
