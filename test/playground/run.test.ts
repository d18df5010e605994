import { Field, Int32, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import type { FlightSqlClient, QueryOptions, QueryResult } from "flightsql";
import { expect, it, vi } from "vitest";
import { type RunListener, startRun } from "../../playground/run.ts";

const schema = new Schema([new Field("n", new Int32())]);
const batch = new RecordBatch(
  schema,
  makeData({
    type: new Struct(schema.fields),
    length: 2,
    nullCount: 0,
    children: [makeData({ type: new Int32(), data: new Int32Array([1, 2]) })],
  }),
);

/** A client whose every query yields these batches, each of 100 bytes. */
function clientOf(batches: () => AsyncIterable<RecordBatch>, cancel = async () => {}): Pick<FlightSqlClient, "query"> {
  return {
    query(_sql: string, _params: unknown, options: QueryOptions) {
      let bytes = 0;
      const result = {
        cancel,
        schema: async () => schema,
        async *[Symbol.asyncIterator]() {
          for await (const next of batches()) {
            bytes += 100;
            options.onProgress?.({ rows: bytes / 50, bytes, endpointsDone: 0, endpoints: 1, elapsedMs: 0 });
            yield next;
          }
        },
      };
      // Only what a run uses of a QueryResult.
      return result as unknown as QueryResult;
    },
  };
}

function recorder(): RunListener & { log: string[] } {
  const log: string[] = [];
  return {
    log,
    schema: () => log.push("schema"),
    batch: () => log.push("batch"),
    progress: ({ rows }) => log.push(`${rows} rows`),
    paused: (bytes) => log.push(`paused at ${bytes}`),
  };
}

async function* times(count: number): AsyncGenerator<RecordBatch> {
  for (let i = 0; i < count; i++) yield batch;
}

it("hands on the schema, then the batches with their progress", async () => {
  const listener = recorder();
  const outcome = await startRun(
    clientOf(() => times(2)),
    "SELECT 1",
    listener,
  ).finished;
  expect(outcome).toEqual({ state: "done" });
  expect(listener.log).toEqual(["schema", "2 rows", "batch", "4 rows", "batch"]);
});

it("is cancelled at once and tells the server, even one that never answers", async () => {
  const cancel = vi.fn(() => new Promise<void>(() => {}));
  const client = clientOf(async function* () {
    yield batch;
    await new Promise(() => {});
  }, cancel);
  const run = startRun(client, "SELECT 1", { ...recorder(), batch: () => run.cancel() });
  expect(await run.finished).toEqual({ state: "canceled" });
  expect(cancel).toHaveBeenCalledOnce();
});

it("hands nothing on after a cancel", async () => {
  const listener = recorder();
  let ended = false;
  const run = startRun(
    clientOf(async function* () {
      try {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve));
          yield batch;
        }
      } finally {
        ended = true;
      }
    }),
    "SELECT 1",
    { ...listener, batch: () => run.cancel() },
  );
  await run.finished;
  const heard = [...listener.log];
  await expect.poll(() => ended).toBe(true);
  expect(heard).toEqual(["schema", "2 rows"]);
  expect(listener.log).toEqual(heard);
});

it("tells of a failure with the error as it came", async () => {
  const error = new Error("no such table");
  const listener = recorder();
  const run = startRun(
    clientOf(async function* () {
      yield batch;
      throw error;
    }),
    "SELECT 1",
    listener,
  );
  expect(await run.finished).toEqual({ state: "failed", error });
  expect(listener.log).toContain("batch");
});

it("stops reading once it holds too much, and goes on when told to", async () => {
  const listener = recorder();
  let sent = 0;
  const run = startRun(
    clientOf(async function* () {
      for (; sent < 5; sent++) yield batch;
    }),
    "SELECT 1",
    { ...listener, progress: () => {} },
    200,
  );
  await expect.poll(() => listener.log.at(-1)).toBe("paused at 200");
  expect(sent).toBe(1);
  run.resume();
  await expect.poll(() => listener.log.at(-1)).toBe("paused at 400");
  run.resume();
  expect(await run.finished).toEqual({ state: "done" });
  expect(listener.log).toEqual([
    "schema",
    "batch",
    "batch",
    "paused at 200",
    "batch",
    "batch",
    "paused at 400",
    "batch",
  ]);
});

it("can be cancelled while it waits", async () => {
  const listener = recorder();
  const run = startRun(
    clientOf(() => times(9)),
    "SELECT 1",
    listener,
    100,
  );
  await expect.poll(() => listener.log.at(-1)).toBe("paused at 100");
  run.cancel();
  expect(await run.finished).toEqual({ state: "canceled" });
  expect(listener.log.filter((entry) => entry === "batch")).toHaveLength(1);
});
