// Installs what the lane builds apps with, locked, into .cache/apps of this checkout, beside which the apps are made.
// Plain JavaScript, so that a bare machine runs it before `npm ci`. A second run finds its stamp and does nothing.

import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installAll, once, run } from "../support/installing.mjs";

const own = fileURLToPath(new URL("./", import.meta.url));
const home = fileURLToPath(new URL("../../.cache/apps/", import.meta.url)); // home.ts looks here
const files = ["package.json", "package-lock.json"];

async function tools() {
  const texts = await Promise.all(files.map((name) => readFile(join(own, name), "utf8")));
  const done = await once(join(home, "installed.stamp"), [process.version, ...texts].join("\n"), async () => {
    await rm(home, { recursive: true, force: true });
    await mkdir(home, { recursive: true });
    for (const name of files) await copyFile(join(own, name), join(home, name));
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: home });
  });
  return `${done}: ${Object.keys(JSON.parse(texts[0]).devDependencies).join(", ")}`;
}

await installAll({ tools });
