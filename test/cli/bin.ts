import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { installFlightSql } from "../package/install.ts";

/** What a run of the program came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The program as a user has it: the built package's bin in a process of its own. */
export interface Bin {
  readonly folder: string;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  start(args: readonly string[], options?: RunOptions): ChildProcess;
  /** Starts a command that stays, and resolves with the address in the line of its output that begins like this. */
  serve(args: readonly string[], line: RegExp, options?: RunOptions): Promise<{ address: string; child: ChildProcess }>;
  /** Ends what still runs. */
  close(): Promise<void>;
}

export async function buildBin(name: string): Promise<Bin> {
  const folder = await installFlightSql(name);
  const main = join(folder, "node_modules/flightsql/dist/cli/flightsql.cjs");
  const running = new Set<ChildProcess>();
  const start: Bin["start"] = (args, { env = {}, input } = {}) => {
    const outside = Object.entries(process.env).filter(([key]) => !/^(FLIGHTSQL_|COLUMNS$|NODE_OPTIONS$)/.test(key));
    const child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { ...Object.fromEntries(outside), ...env },
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    // A program that reads no input may have ended before it was written.
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
    return child;
  };
  return {
    folder,
    start,
    async run(args, options) {
      const child = start(args, options);
      return await ended(child);
    },
    async serve(args, line, options) {
      const child = start(args, options);
      let seen = "";
      child.stderr!.on("data", (part) => {
        seen += part;
      });
      for await (const part of child.stdout!) {
        seen += part;
        const address = line.exec(seen)?.[1];
        if (address !== undefined) {
          child.stdout!.resume();
          return { address, child };
        }
      }
      throw new Error(`flightsql ${args[0]} ended without its address: ${seen}`);
    },
    async close() {
      const exits = [...running].map((child) => once(child, "exit"));
      for (const child of running) child.kill("SIGKILL");
      await Promise.all(exits);
    },
  };
}

/** Waits for the end of a process, with what it printed. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (part: Buffer) => out.push(part));
  child.stderr?.on("data", (part: Buffer) => err.push(part));
  const [code] = (await once(child, "close")) as [number | null];
  const stdout = Buffer.concat(out);
  return { code, stdout, out: stdout.toString(), err: Buffer.concat(err).toString() };
}
