// Runs the suites in whichever runtime this is and reports each test, over HTTP, to the lane that started it.

import { startTests, type Task, type VitestRunner, type VitestRunnerConfig } from "@vitest/runner";
import type { Outcome, Provided, Report, Way } from "../outcome.ts";
import type { Suites } from "./suites.ts";
import { inject, provide } from "./vitest.ts";

const config: VitestRunnerConfig = {
  root: "/",
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: 30_000,
  hookTimeout: 30_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

/** @param lane where the lane listens, `http://127.0.0.1:PORT/NAME` */
export async function run(lane: string): Promise<void> {
  const send = async (report: Report): Promise<void> => {
    const response = await fetch(`${lane}/report`, { method: "POST", body: JSON.stringify(report) });
    await response.arrayBuffer();
  };
  try {
    const provided: Provided = await (await fetch(`${lane}/provided`)).json();
    provide(provided);
    // Not before: some files ask for what is provided as soon as they are loaded.
    const { suites } = await import("./suites.ts");
    const files = await startTests(
      Object.keys(suites).map((name) => `/${name}`),
      runner(suites, send),
    );
    // A hook that fails leaves its tests skipped, which alone would not be seen.
    const broken = files.flatMap(suitesIn).filter((suite) => suite.result?.errors?.length);
    await send({ end: agent(), ...(broken.length > 0 && { error: broken.map(errorOf).join("\n") }) });
  } catch (thrown) {
    await send({ end: agent(), error: thrown instanceof Error ? `${thrown.stack}` : String(thrown) });
  }
}

function runner(suites: Suites, send: (report: Report) => Promise<void>): VitestRunner {
  return {
    config,
    // The runner takes names for paths below its root.
    importFile: async (path, source) => {
      if (source === "collect") await suites[path.slice(1)]!();
    },
    onCollected: (files) => {
      const skips = inject("skips") as Readonly<Record<string, string>>;
      for (const task of files.flatMap(leaves)) if (nameOf(task) in skips) task.mode = "skip";
    },
    onAfterRunTask: async (test) => send({ outcome: outcomeOf(test) }),
    // Skipped ones are never run: they are told of when all is over.
    onAfterRunFiles: async (files) => {
      for (const task of files.flatMap(leaves)) if (task.mode === "skip") await send({ outcome: outcomeOf(task) });
    },
  };
}

/** What this is by its own word: the lane compares it with what it has started. */
function agent(): string {
  // Node before 21 has no navigator.
  return globalThis.navigator?.userAgent ?? `Node.js/${process.versions.node}`;
}

const leaves = (task: Task): Task[] => ("tasks" in task ? task.tasks.flatMap(leaves) : [task]);

const suitesIn = (task: Task): Task[] => ("tasks" in task ? [task, ...task.tasks.flatMap(suitesIn)] : []);

function nameOf(task: Task): string {
  const names: string[] = [];
  for (let at: Task | undefined = task; at !== undefined && at !== at.file; at = at.suite) names.unshift(at.name);
  return names.join(" > ");
}

function outcomeOf(task: Task): Outcome {
  const state = task.result?.state === "pass" ? "passed" : task.mode === "skip" ? "skipped" : "failed";
  return {
    // Suites are named `WAY: name`.
    way: task.file.name.split(":")[0] as Way,
    name: nameOf(task),
    state,
    ...(state === "failed" && { error: errorOf(task) }),
  };
}

// The stacks of Firefox and Bun are without the message.
function errorOf(task: Task): string {
  const texts = (task.result?.errors ?? []).map(({ name, message, stack = "" }) =>
    stack.includes(message) ? stack : `${name}: ${message}\n${stack}`,
  );
  return texts.join("\n");
}
