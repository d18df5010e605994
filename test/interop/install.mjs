// Installs the servers other people wrote, pinned, into .cache/interop of this checkout: a Python venv and Go binaries.
// Plain JavaScript, so that a bare machine runs it before `npm ci`. A second run finds its stamps and does nothing.

import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installAll, once, run } from "../support/installing.mjs";

const home = fileURLToPath(new URL("../../.cache/interop/", import.meta.url)); // servers.ts looks here
const requirements = fileURLToPath(new URL("requirements.txt", import.meta.url));
const arrowGo = "github.com/apache/arrow-go/v18";
const arrowGoVersion = "v18.8.0";
const commands = [
  "arrow/flight/flightsql/example/cmd/sqlite_flightsql_server",
  "arrow/internal/flight_integration/cmd/arrow-flight-integration-server",
];

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
  const done = await once(join(home, "venv.stamp"), `python ${version}\n${venv}\n${pins}`, async () => {
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
  const done = await once(join(home, "go.stamp"), packages.join("\n"), async () => {
    const path = join(home, "go");
    const env = {
      ...process.env,
      GOPATH: path,
      GOBIN: join(home, "bin"),
      GOMODCACHE: join(path, "mod"),
      GOFLAGS: `${process.env.GOFLAGS ?? ""} -modcacherw`.trim(), // else the sources cannot be removed
      CGO_ENABLED: "0", // no C compiler needed
    };
    await run("go", ["install", ...packages], { env });
    await rm(path, { recursive: true, force: true }); // 600 MB of sources nothing needs again
  });
  return `${done}: ${commands.map((command) => command.split("/").at(-1)).join(" ")} ${arrowGoVersion}`;
}

await mkdir(home, { recursive: true });
await installAll({ python, go });
