// What the install scripts of the lanes share. Plain JavaScript and nothing but Node's own modules, as they run on a bare
// machine, before `npm ci`.

import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";

/**
 * Runs a program to its end, and resolves with what it printed. Rejects with the last lines of that; the error says by
 * `missing` whether there is no such program.
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 15 * 60_000, maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trim());
      const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n  ");
      const why = error.killed ? "took more than 15 minutes" : `exit code ${error.code}`;
      const told = new Error(`${program} ${args[0]}: ${why}\n  ${tail}`);
      reject(Object.assign(told, { missing: error.code === "ENOENT" }));
    });
  });
}

/** Does the work unless the stamp, a file, says that exactly this was done before; says which. */
export async function once(stamp, wanted, work) {
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return "already there";
  await rm(stamp, { force: true });
  await work();
  await writeFile(stamp, wanted);
  return "installed";
}

/** Does every named work at once, prints a line about each, and makes the process fail when one did. */
export async function installAll(works) {
  const started = performance.now();
  const width = Math.max(...Object.keys(works).map((name) => name.length));
  const one = async ([name, work]) => {
    const line = await work().catch((error) => {
      process.exitCode = 1;
      return `FAILED: ${error.message}`;
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name.padEnd(width)} ${seconds.padStart(6)} s  ${line}`);
  };
  await Promise.all(Object.entries(works).map(one));
}
