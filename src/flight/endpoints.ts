/** How the endpoints of a result are read side by side. */
export interface EndpointOptions {
  /** Endpoints read at the same time. Default 8 over gRPC; 3 over fetch, as browsers allow 6 connections a host. */
  parallelism?: number | undefined;
  /** Messages that may wait for each endpoint while others are read. Default 5. */
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

/** Reads one part; aborting the signal it was made with must end it. */
export type Part<T> = () => AsyncIterable<T>;

/**
 * Joins parts to one stream: up to `parallelism` are read at once, each at most `queue` items ahead.
 *
 * Parts may still be added while the first are read. A part's failure is thrown when its turn comes, after everything
 * before it.
 *
 * @param stop ends all reading; called when the consumer leaves early
 */
export async function* joinParts<T>(
  parts: readonly Part<T>[] | AsyncIterable<Part<T>>,
  options: JoinOptions,
  stop: () => void,
): AsyncGenerator<T, void, undefined> {
  if (Array.isArray(parts) && parts.length === 1) {
    yield* (parts[0] as Part<T>)();
    return;
  }
  const bell = new Bell();
  const upcoming = new Pump(parts, { queue: options.parallelism }, bell);
  const running: Pump<T>[] = [];
  try {
    for (;;) {
      while (running.length < options.parallelism && upcoming.hasItem)
        running.push(new Pump(upcoming.take()(), options, bell));
      const pump = options.order === "arrival" ? running.find((p) => p.isReady) : running[0];
      if (pump?.hasItem) yield pump.take();
      else if (pump?.isReady) {
        pump.finish();
        running.splice(running.indexOf(pump), 1);
      } else if (running.length === 0 && upcoming.isReady && !upcoming.hasItem) {
        upcoming.finish();
        return;
      } else await bell.next();
    }
  } finally {
    stop();
    // Nobody will look at what the others still fail with.
    for (const pump of [upcoming, ...running]) pump.abandon();
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

/** Reads a source ahead of its consumer. */
class Pump<T> {
  readonly #items: T[] = [];
  readonly #options: { readonly queue: number };
  readonly #bell: Bell;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #abandoned = false;
  #room: (() => void) | undefined;

  /** @param options whose `queue` is looked at each time: it may grow while the source is read */
  constructor(source: Iterable<T> | AsyncIterable<T>, options: { readonly queue: number }, bell: Bell) {
    this.#options = options;
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

  /** Throws what the source failed with. */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  abandon(): void {
    this.#abandoned = true;
    this.#room?.();
  }

  async #run(source: Iterable<T> | AsyncIterable<T>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#abandoned) break;
        this.#items.push(item);
        this.#bell.ring();
        if (this.#items.length >= this.#options.queue) {
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
