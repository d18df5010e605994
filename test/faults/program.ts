// The built package in a process of its own, which runs one of ./programs.

import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, onTestFinished } from "vitest";
import { installFlightSql } from "../package/install.ts";

/** Installs the package and this program for the tests of a file; what it returns starts it, until the test is over. */
export function program(name: string, flags: readonly string[] = []): (...args: readonly string[]) => ChildProcess {
  const file = `${name}.mjs`;
  let folder: string;
  beforeAll(async () => {
    folder = await installFlightSql(`program-${name}`);
    copyFileSync(fileURLToPath(new URL(`programs/${file}`, import.meta.url)), join(folder, file));
  }, 180_000);
  return (...args) => {
    const child = spawn(process.execPath, [...flags, file, ...args], { cwd: folder });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
}
