// The contract's tests in every runtime that people use this package in: npm run runtimes.
// UPDATE_README=1 writes runtimes.md out of the run; without it the run must prove what runtimes.md says.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, test } from "vitest";
import "../interop/control.ts";
import "../support/provided.ts";
import { type Limits, limits } from "./limits.ts";
import { type Outcome, ways } from "./outcome.ts";
import { type Runtime, runtimes } from "./programs.ts";
import { runIn } from "./run.ts";
import { type Row, renderCounts, renderTable } from "./table.ts";

const limitMs = 150_000; // of one runtime
const path = fileURLToPath(new URL("runtimes.md", import.meta.url));
const limitsOf = ({ title }: Runtime): Limits => limits[title.split(" ")[0]!] ?? {};

const installed = await runtimes();
const rows: Row[] = [];

for (const runtime of installed) {
  describe(runtime.title, () => {
    const { without = {}, fails = {}, skips = {} } = limitsOf(runtime);
    let outcomes: readonly Outcome[] = [];
    beforeAll(async () => {
      outcomes = await runIn(
        runtime,
        {
          embedded: inject("embedded"),
          reference: inject("reference"),
          control: inject("control"),
          native: runtime.kind === "process",
          skips,
        },
        limitMs,
      );
      const row = { title: runtime.title, limits: limitsOf(runtime), outcomes };
      rows.push(row);
      console.info(renderCounts(row));
      for (const { name, state } of outcomes) if (state === "skipped") console.info(`skipped: ${name}`);
    }, limitMs + 10_000);

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
