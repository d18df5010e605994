import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithUs } from "../support/children.ts";
import { bundle } from "./bundle.ts";
import { startHost } from "./host.ts";
import type { Outcome, Provided } from "./outcome.ts";
import type { Runtime } from "./programs.ts";

/** Runs every suite in a runtime, and resolves with what became of each test. Rejects when it comes to no end. */
export async function runIn(runtime: Runtime, provided: Provided, limitMs: number): Promise<readonly Outcome[]> {
  const script = await bundle(runtime.kind);
  const host = await startHost(provided, script);
  try {
    const { command, args, env, ask, remove } = await runtime.prepare(script, host.url);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    endWithUs(child);
    let printed = "";
    for (const output of [child.stdout, child.stderr])
      output.setEncoding("utf8").on("data", (text: string) => {
        printed = (printed + text).slice(-10_000);
      });
    const over = new AbortController();
    const gone = once(child, "close");
    try {
      const agent = await Promise.race([
        host.ended,
        // What it reported last may still be under way.
        gone
          .then(() => sleep(500))
          .then(() => fail(`it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`)),
        sleep(limitMs, undefined, { signal: over.signal }).then(() =>
          fail(`it has not come to its end in ${limitMs / 1000} s`),
        ),
        ...(ask === undefined ? [] : [begin(ask, over.signal).then(() => host.ended)]),
      ]);
      // Ours say nothing: whatever was printed explains a failure.
      if (printed !== "" && host.outcomes.some(({ state }) => state === "failed")) console.info(printed.trim());
      if (!runtime.agent.test(agent)) fail(`it calls itself ${agent}`);
      return host.outcomes;
    } catch (thrown) {
      const last = host.outcomes.at(-1)?.name ?? "none";
      throw new Error(
        `${runtime.title}: ${(thrown as Error).message}\n${host.outcomes.length} tests were over, the last: ${last}\nit printed:\n${printed.trim()}`,
      );
    } finally {
      over.abort();
      child.kill("SIGKILL");
      await gone.catch(() => {});
      await remove?.();
    }
  } finally {
    host.stop();
  }
}

function fail(message: string): never {
  throw new Error(message);
}

/** Makes a Worker's request as soon as its server listens. */
async function begin(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const response = await fetch(url, { signal }).catch((error: unknown) => {
      if (!/ECONNREFUSED/.test(String((error as Error).cause))) throw error;
      return undefined;
    });
    if (response?.ok) return;
    if (response !== undefined) fail(`the Worker answered ${response.status}: ${await response.text()}`);
    await sleep(25);
  }
}
