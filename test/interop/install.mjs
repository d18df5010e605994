// Installs the servers other people wrote, pinned, into .cache/interop of this checkout: a Python venv and Go binaries.
// Plain JavaScript, so that a bare machine runs it before `npm ci`. A second run finds its stamps and does nothing.

import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("../../.cache/interop/", import.meta.url)); // servers.ts looks here
const requirements = fileURLToPath(new URL("requirements.txt", import.meta.url));
const arrowGo = "github.com/apache/arrow-go/v18";
const arrowGoVersion = "v18.8.0";
const commands = [
  "arrow/flight/flightsql/example/cmd/sqlite_flightsql_server",
  "arrow/internal/flight_integration/cmd/arrow-flight-integration-server",
];

/** Runs a program to its end; rejects with `{ missing }` or with the last lines it printed. */
function run(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, timeout: 15 * 60_000, maxBuffer: 64 << 20 };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trim());
      const tail = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n  ");
      const why = error.killed ? "took more than 15 minutes" : `exit code ${error.code}`;
      reject(
        Object.assign(new Error(`${program} ${args[0]}: ${why}\n  ${tail}`), { missing: error.code === "ENOENT" }),
      );
    });
  });
}

/** Does the work unless the stamp says that exactly this was done before. */
async function once(stamp, wanted, work) {
  const path = join(home, stamp);
  if ((await readFile(path, "utf8").catch(() => "")) === wanted) return "already there";
  await rm(path, { force: true });
  await work();
  await writeFile(path, wanted);
  return "installed";
}

async function python() {
  const version = await run("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).catch((error) => {
    throw error.missing
      ? new Error("python3 is not installed: Python 3.11 or newer is needed, with its venv module")
      : error;
  });
  const [major, minor] = version.split(".").map(Number);
  if (major < 3 || (major === 3 && minor < 11)) {
    throw new Error(`python3 is ${version}: pyarrow needs Python 3.11 or newer, with its venv module`);
  }
  const pins = await readFile(requirements, "utf8");
  const venv = join(home, "venv");
  const names = pins.match(/^[\w-]+==.+$/gm)?.join(" ") ?? "";
  const done = await once("venv.stamp", `python ${version}\n${venv}\n${pins}`, async () => {
    await run("python3", ["-m", "venv", "--clear", venv]).catch((error) => {
      throw new Error(`python3 cannot make a venv (Debian and Ubuntu: install python3-venv)\n${error.message}`);
    });
    await run(join(venv, "bin/python"), ["-m", "pip", "install", "--quiet", "--no-input", "-r", requirements]);
  });
  return `${done}: ${names}`;
}

async function go() {
  await run("go", ["version"]).catch((error) => {
    throw error.missing
      ? new Error("go is not installed: arrow-go's servers are built with it, Go 1.25 or newer")
      : error;
  });
  const packages = commands.map((command) => `${arrowGo}/${command}@${arrowGoVersion}`);
  const done = await once("go.stamp", packages.join("\n"), async () => {
    const path = join(home, "go");
    await run("go", ["install", ...packages], {
      GOPATH: path,
      GOBIN: join(home, "bin"),
      GOMODCACHE: join(path, "mod"),
      GOFLAGS: `${process.env.GOFLAGS ?? ""} -modcacherw`.trim(), // else the sources cannot be removed
      CGO_ENABLED: "0", // no C compiler needed
    });
    await rm(path, { recursive: true, force: true }); // 600 MB of sources nothing needs again
  });
  return `${done}: ${commands.map((command) => command.split("/").at(-1)).join(" ")} ${arrowGoVersion}`;
}

await mkdir(home, { recursive: true });
const started = performance.now();
const lanes = { python, go };
const failures = await Promise.all(
  Object.entries(lanes).map(async ([name, install]) => {
    const said = await install().then(
      (line) => ({ line, failed: false }),
      (error) => ({ line: `FAILED: ${error.message}`, failed: true }),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name.padEnd(6)} ${seconds.padStart(6)} s  ${said.line}`);
    return said.failed;
  }),
);
process.exitCode = failures.includes(true) ? 1 : 0;
