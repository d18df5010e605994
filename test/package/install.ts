import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./sources.ts";

/**
 * Builds the package and installs it into a fresh consumer's folder `.cache/<name>`, so that what is checked there sees
 * what a user sees: the exports of package.json, the built JavaScript and its declarations. A dist of unknown age proves
 * nothing, so it is built each time; each test file has its own folder because they run at once.
 * Returns the consumer's folder; the package is in its node_modules/flightsql, other packages are the checkout's.
 */
export async function installFlightSql(name: string): Promise<string> {
  const consumer = join(root, ".cache", name);
  const installed = join(consumer, "node_modules/flightsql");
  rmSync(consumer, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  // Without a package.json in between, `flightsql` would mean the checkout itself.
  writeFileSync(join(consumer, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  copyFileSync(join(root, "package.json"), join(installed, "package.json"));
  await tsc(["-p", join(root, "tsconfig.build.json"), "--outDir", join(installed, "dist")]);
  return consumer;
}

/** Runs the TypeScript compiler; rejects with what it printed when it is not content. */
export async function tsc(args: readonly string[]): Promise<void> {
  const bin = join(root, "node_modules/typescript/bin/tsc");
  try {
    await promisify(execFile)(process.execPath, [bin, ...args, "--pretty", "false"], { cwd: root, timeout: 120_000 });
  } catch (error) {
    const printed = error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
    throw new Error(`tsc found errors:\n${printed.split("\n").slice(0, 30).join("\n")}`);
  }
}
