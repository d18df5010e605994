// Starts a foreign server and ends it for certain: readiness with a limit, its last words in the failure, no orphans.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { endWithUs } from "../support/children.ts";

/** A server that answers on 127.0.0.1. */
export interface Running {
  /** Where a client connects: grpc://127.0.0.1:PORT, or http(s):// for a gRPC-Web listener. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The last lines the server printed. */
  log(): string;
  /** Ends the process at once and resolves when it is gone; may be called again. */
  stop(): Promise<void>;
}

export interface Launch {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Where it may write: the current folder unless given. */
  cwd?: string;
  /** The line that says it listens, its first group the port; or a port, which is then dialled until it answers. */
  ready: RegExp | number;
  /** Scheme of `url`: "grpc" unless given. */
  scheme?: "grpc" | "grpc+tls" | "http" | "https";
  /** Milliseconds to become ready: 20,000 unless given. */
  limitMs?: number;
}

/** Starts the program and resolves when it is ready; otherwise it is killed and the rejection carries what it printed. */
export async function launch(what: Launch): Promise<Running> {
  const name = what.command.slice(what.command.lastIndexOf("/") + 1);
  // Its stdin stays open while we live: a server that reads it (our Python one) notices even when we are killed outright.
  const child = spawn(what.command, what.args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...what.env },
    ...(what.cwd !== undefined && { cwd: what.cwd }),
  });
  endWithUs(child);
  const gone = once(child, "close").then(
    () => undefined,
    () => undefined,
  );
  child.stdin.on("error", () => undefined);

  let printed = "";
  let read: () => void = () => undefined;
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-20_000);
      read();
    });
  }
  const log = (): string => printed.trim().split("\n").slice(-20).join("\n");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL"); // none of them has anything to save, and roapi does not heed a SIGTERM
    await gone;
  };

  const limitMs = what.limitMs ?? 20_000;
  const limit = AbortSignal.timeout(limitMs);
  try {
    const port = await new Promise<number>((resolve, reject) => {
      limit.onabort = () => reject(new Error(`not ready after ${limitMs / 1000} s`));
      child.once("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "ENOENT" ? new Error("not installed: run `node test/interop/install.mjs`") : error),
      );
      child.once("exit", (code, signal) => reject(new Error(`ended at once with ${signal ?? `exit code ${code}`}`)));
      const { ready } = what;
      if (typeof ready === "number") {
        answers(ready, limit).then(() => resolve(ready), reject);
      } else {
        read = () => {
          const found = ready.exec(printed)?.[1];
          if (found !== undefined) resolve(Number(found));
        };
      }
    });
    return { url: `${what.scheme ?? "grpc"}://127.0.0.1:${port}`, port, pid: child.pid ?? -1, log, stop };
  } catch (error) {
    await stop();
    const said = log();
    throw new Error(`${name}: ${(error as Error).message}${said === "" ? "" : `; it printed:\n${said}`}`);
  } finally {
    limit.onabort = null;
  }
}

/** Resolves when something accepts connections on the port; rejects when the signal aborts. */
async function answers(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const socket = connect(port, "127.0.0.1");
    const answered = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing answers on port ${port}`);
}

/** A port free a moment ago, for programs that cannot be given port 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a TCP address");
  server.close();
  await once(server, "close");
  return address.port;
}

/** Starts with a free port; once more with another when somebody was quicker in taking the first. */
export async function launchOn(make: (port: number) => Launch): Promise<Running> {
  try {
    return await launch(make(await freePort()));
  } catch (error) {
    if (!/address (already )?in use/i.test(String(error))) throw error;
    return launch(make(await freePort()));
  }
}
