import type { RecordBatch, Schema } from "apache-arrow";
import type { FlightSqlClient, Progress } from "flightsql";
import { pauses } from "./result/turns.ts";

/** Bytes of a result that a page holds before it asks whether to go on: well below what a browser tab may use. */
export const PAUSE_BYTES: number = 1_000_000_000;

export type Outcome = { state: "done" } | { state: "canceled" } | { state: "failed"; error: unknown };

export interface RunListener {
  schema(schema: Schema): void;
  batch(batch: RecordBatch): void;
  progress(progress: Progress): void;
  /** The page holds `bytes` of this result; nothing more is read until `resume()`. */
  paused(bytes: number): void;
}

export interface Run {
  /** Settles once, never rejects; on a cancel at once, whatever the server does. */
  finished: Promise<Outcome>;
  /** Stops reading and tells the server to stop. What has arrived stays. */
  cancel(): void;
  resume(): void;
}

/** Runs one query and hands its batches on as they come. Nothing is handed on after a cancel. */
export function startRun(
  client: Pick<FlightSqlClient, "query">,
  sql: string,
  listener: RunListener,
  pauseBytes: number = PAUSE_BYTES,
): Run {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener("abort", () => resolve());
  });
  let bytes = 0;
  let limit = pauseBytes;
  let resume = (): void => {};

  const result = client.query(sql, undefined, {
    onProgress: (progress) => {
      bytes = progress.bytes;
      if (!stop.signal.aborted) listener.progress(progress);
    },
  });

  async function read(): Promise<Outcome> {
    const schema = await result.schema();
    if (stop.signal.aborted) return { state: "canceled" };
    listener.schema(schema);
    const pause = pauses();
    for await (const batch of result) {
      if (stop.signal.aborted) break;
      listener.batch(batch);
      if (bytes >= limit) {
        const resumed = new Promise<void>((resolve) => {
          resume = resolve;
        });
        listener.paused(bytes);
        await Promise.race([resumed, stopped]);
        limit = bytes + pauseBytes;
      }
      const due = pause();
      if (due !== undefined) await due;
    }
    return { state: "done" };
  }

  return {
    finished: Promise.race([
      stopped.then((): Outcome => ({ state: "canceled" })),
      read().catch((error: unknown): Outcome => ({ state: "failed", error })),
    ]),
    cancel: () => {
      stop.abort();
      // What the server says to it changes nothing here.
      result.cancel().catch(() => {});
    },
    resume: () => resume(),
  };
}
