// Installs what the lane builds apps with, locked, into .cache/apps of this checkout, beside which the apps are made.
// Plain JavaScript, so that a bare machine runs it before `npm ci`. A second run finds its stamp and does nothing.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("./", import.meta.url));
const home = fileURLToPath(new URL("../../.cache/apps/", import.meta.url)); // packed.ts looks here
const stamp = `${home}installed.stamp`;
const files = ["package.json", "package-lock.json"];
const wanted = [process.version, ...files.map((name) => readFileSync(own + name, "utf8"))].join("\n");

const found = () => {
  try {
    return readFileSync(stamp, "utf8");
  } catch {
    return "";
  }
};

if (found() !== wanted) {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  for (const name of files) copyFileSync(own + name, home + name);
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", args, { cwd: home, stdio: "inherit", timeout: 10 * 60_000 });
  writeFileSync(stamp, wanted);
}
