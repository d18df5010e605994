import { randomBytes } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";

interface Entry<T> {
  readonly value: T;
  uses: number;
  timer: NodeJS.Timeout | undefined;
}

interface RegistryOptions<T> {
  /** What it keeps, for errors: "transaction". */
  readonly what: string;
  readonly idleMs: number;
  readonly limit: number;
  /** Whether it may go before its time when there is no room for another: it has served, as far as one can tell. */
  readonly isSpent?: (value: T) => boolean;
  /** Frees what is dropped, by whom ever. */
  readonly drop?: (value: T) => void;
}

/** Things that clients hold by random ids, which none can guess. What nobody has used for a while is dropped. */
export class Registry<T> {
  readonly #options: RegistryOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: RegistryOptions<T>) {
    this.#options = options;
  }

  add(value: T): Uint8Array {
    const { what, limit } = this.#options;
    if (this.#entries.size >= limit && !this.#makeRoom())
      throw new ConnectError(
        `This is one ${what} too many: the server keeps ${limit} at most. End some.`,
        Code.ResourceExhausted,
      );
    const id = randomBytes(16);
    const entry: Entry<T> = { value, uses: 0, timer: undefined };
    this.#entries.set(id.toString("hex"), entry);
    this.#wait(id, entry);
    return id;
  }

  /** The value, which is not dropped before `release` is called. */
  borrow(id: Uint8Array): { readonly value: T; readonly release: () => void } {
    const entry = this.#entries.get(key(id));
    if (!entry) throw this.#unknown();
    entry.uses++;
    clearTimeout(entry.timer);
    let released = false;
    return {
      value: entry.value,
      release: () => {
        if (released) return;
        released = true;
        entry.uses--;
        if (entry.uses === 0 && this.#entries.get(key(id)) === entry) this.#wait(id, entry);
      },
    };
  }

  /** The value, at hand for another `idleMs`; undefined when there is none. */
  find(id: Uint8Array): T | undefined {
    const entry = this.#entries.get(key(id));
    if (entry?.uses === 0) this.#wait(id, entry);
    return entry?.value;
  }

  get(id: Uint8Array): T {
    const value = this.find(id);
    if (value === undefined) throw this.#unknown();
    return value;
  }

  /** Takes it out: it is the caller's, to be freed by it. */
  take(id: Uint8Array): T {
    const entry = this.#entries.get(key(id));
    if (!entry) throw this.#unknown();
    this.#entries.delete(key(id));
    clearTimeout(entry.timer);
    return entry.value;
  }

  close(): void {
    for (const { value, timer } of this.#entries.values()) {
      clearTimeout(timer);
      this.#options.drop?.(value);
    }
    this.#entries.clear();
  }

  /** Drops the oldest that nobody uses and that is spent. */
  #makeRoom(): boolean {
    for (const [id, { value, uses, timer }] of this.#entries) {
      if (uses > 0 || !this.#options.isSpent?.(value)) continue;
      this.#entries.delete(id);
      clearTimeout(timer);
      this.#options.drop?.(value);
      return true;
    }
    return false;
  }

  #wait(id: Uint8Array, entry: Entry<T>): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      this.#entries.delete(key(id));
      this.#options.drop?.(entry.value);
    }, this.#options.idleMs).unref();
  }

  #unknown(): ConnectError {
    const { what, idleMs } = this.#options;
    const minutes = Math.round(idleMs / 60_000);
    return new ConnectError(
      `There is no such ${what}: it has ended, or was not used for ${minutes} minutes.`,
      Code.NotFound,
    );
  }
}

function key(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("hex");
}
