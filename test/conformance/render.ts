// Renders the feature table out of what the interop runs have proved: node render.js [-write true]
// Without -write it fails when features.md says something else.

import { readFile, writeFile } from "node:fs/promises";
import { type Proof, renderFeatures } from "./features.ts";
import { readFlags } from "./flags.ts";

const proofsOf = async (platform: string): Promise<Proof[]> =>
  JSON.parse(
    await readFile(`.cache/conformance/${platform}.json`, "utf8").catch(() => {
      throw new Error(`nothing is known of ${platform}: run npm run interop`);
    }),
  );

const path = "test/conformance/features.md";
const table = renderFeatures(await proofsOf("node"), await proofsOf("chromium"));
const { write } = readFlags(process.argv.slice(2), ["write"]);
if (write === "true") await writeFile(path, table);
else if ((await readFile(path, "utf8").catch(() => "")) !== table) {
  console.error(`${path} is not what the interop tests have proved:\n\n${table}`);
  process.exitCode = 1;
}
