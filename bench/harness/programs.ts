// The programs that take part, clients and servers, as JavaScript: what compiles TypeScript while it loads slows a process
// down as long as that lives, a client of many small functions to half its speed.

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = (name: string): string => fileURLToPath(new URL(`../${name}/`, import.meta.url));

/** Builds all of them, beside their sources: paths relative to a file hold for both. */
export async function buildPrograms(): Promise<void> {
  const entryPoints = ["clients", "servers"].flatMap((name) =>
    readdirSync(folder(name))
      .filter((file) => file.endsWith(".ts") && file !== "page.ts") // which is a browser's
      .map((file) => folder(name) + file),
  );
  const options =
    "--bundle --packages=external --platform=node --format=esm --target=node20 --entry-names=[name]".split(" ");
  await promisify(execFile)(`${folder("node_modules")}.bin/esbuild`, [
    ...entryPoints,
    ...options,
    `--outdir=${folder("built")}`,
    "--log-level=warning",
  ]);
}

/** Where a program is, by the name of its source. */
export function builtProgram(source: string): string {
  return `${folder("built")}${basename(source, ".ts")}.js`;
}
