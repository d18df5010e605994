import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";

/** Where output goes, which takes no more at a time than it can pass on. */
export interface Sink {
  /** Resolves when there is room for more; rejects with what broke, now or before. */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Resolves when all has been passed on. */
  end(): Promise<void>;
  readonly isTerminal: boolean;
}

/** Standard output, or a file, which is made or replaced with the first write: a query that fails leaves it alone. */
export function openSink(path: string | undefined): Sink {
  if (path === undefined) return toSink(process.stdout, process.stdout.isTTY === true);
  let file: Sink | undefined;
  const open = (): Sink => {
    file ??= toSink(createWriteStream(path), false);
    return file;
  };
  return { isTerminal: false, write: (chunk) => open().write(chunk), end: () => open().end() };
}

/** Whether a write failed because nobody reads: `… | head` has seen enough. */
export function isUnread(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === "EPIPE";
}

function toSink(stream: Writable, isTerminal: boolean): Sink {
  const broken = new Promise<never>((_, reject) => stream.on("error", reject));
  // It may break when nobody waits for it; the next write then reports it.
  broken.catch(() => {});
  return {
    isTerminal,
    async write(chunk) {
      if (stream.errored) throw stream.errored;
      if (!stream.write(chunk)) await Promise.race([once(stream, "drain"), broken]);
    },
    async end() {
      // Standard output is not ours to end, but what was written to it has to arrive.
      const flushed = new Promise<void>((resolve) => {
        if (stream === process.stdout) stream.write("", () => resolve());
        else stream.end(() => resolve());
      });
      await Promise.race([flushed, broken]);
    },
  };
}
