// A Chromium the tests can start on any Linux machine with nothing but `npm ci`: one that is installed, or else the
// headless shell that the npm package @sparticuz/chromium carries, unpacked into the checkout's .cache folder.

import { execFile } from "node:child_process";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createBrotliDecompress } from "node:zlib";

const run = promisify(execFile);
const installed = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/**
 * Path of a Chromium for Playwright's `chromium.launch({ executablePath })`, whose own arguments are all it needs
 * (they include --no-sandbox and --headless; the shell comes without GL libraries, which only WebGL would miss).
 * In this order: the CHROMIUM_PATH variable, an installed Chromium or Chrome, the one of @sparticuz/chromium
 * (unpacked once, about 5 s). Rejects when CHROMIUM_PATH names nothing executable or no Chromium fits this machine.
 */
export async function chromiumPath(): Promise<string> {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== "") {
    if (await executable(named)) return named;
    throw new Error(`CHROMIUM_PATH is ${named}, which is not an executable file`);
  }
  for (const path of installed) if (await executable(path)) return path;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `no Chromium found, and the unpacked one is for linux x64, not ${process.platform} ${process.arch}: set CHROMIUM_PATH`,
    );
  }
  return unpack();
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

// The package's own executablePath() is not used: it unpacks into the machine-wide temporary folder, takes a
// half-written file of another process for a finished one, and adds its libraries only where it recognises AWS.
async function unpack(): Promise<string> {
  const packed = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "../..");
  const bin = join(packed, "bin");
  const { version } = JSON.parse(await readFile(join(packed, "package.json"), "utf8")) as { version: string };
  const cache = fileURLToPath(new URL("../../.cache/", import.meta.url));
  const home = join(cache, `chromium-${version}`);
  if (await executable(join(home, "run"))) return join(home, "run");

  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "chromium-unpacking-"));
  try {
    await Promise.all([
      pipeline(
        createReadStream(join(bin, "chromium.br")),
        createBrotliDecompress(),
        createWriteStream(join(work, "chromium"), { mode: 0o755 }),
      ),
      untar(join(bin, "al2023.tar.br"), work), // lib/: NSS, NSPR and expat
      untar(join(bin, "fonts.tar.br"), work), // fonts/: Open Sans
    ]);
    await writeFile(join(work, "fonts.conf"), fontsConf);
    await writeFile(join(work, "run"), launcher, { mode: 0o755 });
    // Several test processes may come here at once: the folder appears whole, and who comes second keeps the first one.
    await rename(work, home).catch(async (error: unknown) => {
      if (!(await executable(join(home, "run")))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await run(join(home, "run"), ["--version"]).catch((error: Error) => {
    throw new Error(`the unpacked Chromium does not start here, set CHROMIUM_PATH to one that does: ${error.message}`);
  });
  return join(home, "run");
}

async function untar(archive: string, into: string): Promise<void> {
  const tar = join(into, `${archive.slice(archive.lastIndexOf("/") + 1)}.tar`);
  await pipeline(createReadStream(archive), createBrotliDecompress(), createWriteStream(tar));
  await run("tar", ["-xf", tar, "-C", into, "--no-same-owner"]);
  await rm(tar);
}

// A bare Debian has no NSS and no fonts. The machine's own come first, since the package's libraries are of another distribution.
const launcher = `#!/bin/sh
here=$(dirname "$0")
"$here/chromium" --version >/dev/null 2>&1 || export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
`;

const fontsConf = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
