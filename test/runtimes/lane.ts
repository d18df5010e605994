// The contract's tests in every runtime that people use this package in: npm run runtimes.
// UPDATE_README=1 writes runtimes.md out of the run; without it the run must prove what runtimes.md says.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";
import "../interop/control.ts";
import "../support/provided.ts";
import { askDuckDb, flights } from "../support/reference.ts";
import { type Limits, limits } from "./limits.ts";
import { type Outcome, ways } from "./outcome.ts";
import { type Runtime, runtimes } from "./programs.ts";
import { runIn } from "./run.ts";
import { type Row, renderCounts, renderTable } from "./table.ts";

const limitMs = 240_000; // of one runtime
const atOnce = 2; // much of a run is waiting, for limits to be over and for servers to start
const path = fileURLToPath(new URL("runtimes.md", import.meta.url));
const limitsOf = ({ title }: Runtime): Limits => limits[title.split(" ")[0]!] ?? {};

const installed = await runtimes();
const reference = askDuckDb();
const rows: Row[] = [];
const runs = new Map<Runtime, Promise<readonly Outcome[]>>();

beforeAll(() => {
  const queues: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve());
  for (const [index, runtime] of installed.entries()) {
    const run = queues[index % atOnce]!.then(() => runOne(runtime));
    runs.set(runtime, run);
    queues[index % atOnce] = run.catch(() => {}); // its own tests tell
  }
});

async function runOne(runtime: Runtime): Promise<readonly Outcome[]> {
  // A server of its own: the contract's tables are called the same in every run.
  const backend = await duckdbBackend({ files: [`flights=${flights}`] });
  const server = await listen(backend);
  const { skips = {} } = limitsOf(runtime);
  try {
    return await runIn(
      runtime,
      {
        embedded: { grpc: `grpc://127.0.0.1:${server.port}`, web: server.url },
        reference: await reference,
        control: inject("control"),
        native: runtime.kind === "process",
        skips,
      },
      limitMs,
    );
  } finally {
    await server.close(0);
    await backend.close();
  }
}

for (const runtime of installed) {
  describe(runtime.title, () => {
    const { without = {}, fails = {}, skips = {} } = limitsOf(runtime);
    let outcomes: readonly Outcome[] = [];
    beforeAll(async () => {
      outcomes = await runs.get(runtime)!;
      const row = { title: runtime.title, limits: limitsOf(runtime), outcomes };
      rows.push(row);
      console.info(renderCounts(row));
      for (const { name, state } of outcomes) if (state === "skipped") console.info(`skipped: ${name}`);
    }, limitMs * installed.length);

    for (const way of ways.filter((one) => !(one in without))) {
      test(way, () => {
        const own = outcomes.filter((outcome) => outcome.way === way);
        expect(own.some(({ state }) => state === "passed")).toBe(true);
        const failed = own.filter(({ name, state }) => state === "failed" && !(name in fails));
        expect(failed.map(({ name, error }) => `${name}\n${error}`)).toEqual([]);
      });
    }

    test("what it cannot do is what it is said not to do", () => {
      const known = outcomes.filter(({ name, state }) => name in fails && state === "failed");
      expect(known.map(({ name }) => name).sort()).toEqual(Object.keys(fails).sort());
      const skipped = outcomes.filter(({ name, state }) => name in skips && state === "skipped");
      expect(skipped.map(({ name }) => name).sort()).toEqual(Object.keys(skips).sort());
    });
  });
}

test("the table is what the runs have proved", async () => {
  expect(rows.map(({ title }) => title)).toEqual(installed.map(({ title }) => title));
  if (process.env.UPDATE_README === "1") await writeFile(path, renderTable(rows));
  else expect(await readFile(path, "utf8").catch(() => "")).toBe(renderTable(rows));
});
