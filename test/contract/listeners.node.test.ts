import { expect, onTestFinished, test } from "vitest";
import { numbers } from "../support/router.ts";
import { connect, infoOf, resultOf, rowsOf, scripted, ways } from "./scripted.ts";

// Node warns of a leak when a signal has more than ten listeners: a program that uses us must not be the one to see it.

const warnings: string[] = [];
const note = (warning: Error): void => {
  warnings.push(warning.message);
};

test("many endpoints, and many calls at once, warn of no leak", async () => {
  process.on("warning", note);
  onTestFinished(() => {
    process.off("warning", note);
  });
  const server = scripted({
    getFlightInfo: async () => infoOf(...Array.from({ length: 30 }, () => [])),
    doGet: async () => resultOf(numbers(1)),
  });
  for (const way of Object.values(ways)) {
    const client = connect({ ...way(server), endpoints: { parallelism: 20 } });
    const all = await Promise.all(Array.from({ length: 20 }, () => rowsOf(client)));
    expect(all.map((rows) => rows.length)).toEqual(Array.from({ length: 20 }, () => 30));
  }
  // Warnings are emitted in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(warnings).toEqual([]);
});
