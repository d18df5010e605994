import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../package/sources.ts";
import { renderFaults } from "./render.ts";

// As the other made parts of the README: between markers, and UPDATE_README=1 writes it anew.

test("README: faults", () => {
  const path = join(root, "README.md");
  const readme = readFileSync(path, "utf8");
  const [begin, end] = ["<!-- faults -->\n", "\n<!-- /faults -->"];
  const start = readme.indexOf(begin) + begin.length;
  const stop = readme.indexOf(end);
  expect(stop, "markers of faults").toBeGreaterThan(start);
  if (process.env.UPDATE_README === "1")
    writeFileSync(path, readme.slice(0, start) + renderFaults() + readme.slice(stop));
  else expect(readme.slice(start, stop)).toBe(renderFaults());
});
