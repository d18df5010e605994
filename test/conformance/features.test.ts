import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { rows } from "./features.ts";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

test("the README's feature table is the one the interop tests have proved", () => {
  const [, table] = /<!-- features -->\n([\s\S]*?)<!-- \/features -->/.exec(read("../../README.md")) ?? [];
  expect(table?.trim()).toBe(read("features.md").trim());
});

test("the table has Arrow's rows: 3 transports, 7 of Flight RPC, 23 of Flight SQL", () => {
  const sections = ["Transport", "Flight RPC", "Flight SQL"];
  expect(sections.map((section) => rows.filter((row) => row.section === section).length)).toEqual([3, 7, 23]);
});
