// How each runtime is started, out of what install.mjs has put into .cache/runtimes.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../interop/process.ts";
import type { Kind } from "./bundle.ts";

const home = fileURLToPath(new URL("../../.cache/runtimes/", import.meta.url));

/** A runtime the lane runs in. */
export interface Runtime {
  /** As the table calls it. */
  readonly title: string;
  readonly kind: Kind;
  /** What it calls itself. */
  readonly agent: RegExp;
  /** What to start so that the bundle `script` runs and reports to `lane`. */
  readonly prepare: (script: string, lane: string) => Promise<Prepared>;
}

export interface Prepared {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** To be asked once the program answers: a Worker works only while it has a request. */
  readonly ask?: string;
  /** Removes what was made for this run. */
  readonly remove?: () => Promise<void>;
}

interface Program {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

async function installed<T>(file: string): Promise<T> {
  const text = await readFile(join(home, file), "utf8").catch(() => {
    throw new Error("the runtimes are not installed: run `node test/runtimes/install.mjs`");
  });
  return JSON.parse(text) as T;
}

/** All of them, as installed. */
export async function runtimes(): Promise<Runtime[]> {
  const programs = await installed<Program[]>("programs.json");
  return [...programs.map(runtimeOf), firefox];
}

function runtimeOf({ name, version, path }: Program): Runtime {
  switch (name) {
    case "workerd":
      return {
        title: `workerd ${version} (Cloudflare Workers)`,
        agent: /^Cloudflare-Workers$/,
        kind: "worker",
        prepare: (script, lane) => worker(path, script, lane),
      };
    case "deno":
      return program(`Deno ${version}`, /^Deno\/2\./, path, ["run", "--allow-all", "--no-config", "--no-lock"]);
    case "bun":
      return program(`Bun ${version}`, /^Bun\/1\./, path, ["run"]);
    default:
      return program(`Node ${version}`, new RegExp(`^Node\\.js/${version.split(".")[0]}`), path, []);
  }
}

function program(title: string, agent: RegExp, command: string, args: readonly string[]): Runtime {
  return {
    title,
    agent,
    kind: "process",
    prepare: async (script, lane) => ({ command, args: [...args, script, lane] }),
  };
}

async function worker(command: string, script: string, lane: string): Promise<Prepared> {
  const port = await freePort();
  const config = join(dirname(script), "worker.capnp");
  // `local`: the servers are on this machine, which Workers may not reach unless they are told that they may.
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "${basename(script)}")],
      compatibilityDate = "2026-11-17",
      globalOutbound = "network",
    )),
    (name = "network", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  );
  return { command, args: ["serve", config], ask: `http://127.0.0.1:${port}/?lane=${encodeURIComponent(lane)}` };
}

const firefox: Runtime = {
  title: "Firefox ESR",
  agent: / Firefox\//,
  kind: "page",
  async prepare(_, lane) {
    const { path, env } = await installed<{ path: string; env: Record<string, string> }>("firefox.json");
    const profile = await mkdtemp(join(tmpdir(), "flightsql-firefox-"));
    await writeFile(join(profile, "user.js"), quiet);
    return {
      command: path,
      args: ["--headless", "--no-remote", "--profile", profile, `${lane}/`],
      env,
      remove: () => rm(profile, { recursive: true, force: true, maxRetries: 5 }),
    };
  },
};

// No first-run pages, and nothing from outside this machine.
const quiet = Object.entries({
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.prefetch-next": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
  "toolkit.telemetry.server": "data:,",
})
  .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
  .join("");
