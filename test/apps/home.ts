import { execFile } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Where install.mjs has put the tools, and the apps are made: `node_modules` here is theirs. */
export const home: string = fileURLToPath(new URL("../../.cache/apps/", import.meta.url));

const sources = fileURLToPath(new URL("app/", import.meta.url));

/** Makes an app anew, out of test/apps/app, and returns its folder. */
export function freshApp(name: string): string {
  const folder = join(home, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(sources, folder, { recursive: true });
  // Its own, or bundlers would go by the checkout's.
  writeFileSync(join(folder, "tsconfig.json"), "{}\n");
  return folder;
}

// Vitest's own variables, NODE_ENV=test among them, would make other builds than a user's.
const outside: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(PATH|HOME|TMPDIR|npm_config_.*|.*_proxy|SSL_CERT_.*|NODE_EXTRA_CA_CERTS)$/i.test(name),
    ),
  ),
  NO_COLOR: "1",
};

/** Runs a program to its end and returns what it printed; rejects with that when it fails. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, {
      cwd,
      timeout: 150_000,
      maxBuffer: 64 << 20,
      env: outside,
    });
    return stdout + (command === "npm" ? "" : stderr);
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")}: ${message.split("\n")[0]}\n${stdout}${stderr}`.slice(0, 10_000));
  }
}

/** A program of the tools. */
export const bin = (name: string): string => join(home, "node_modules/.bin", name);
