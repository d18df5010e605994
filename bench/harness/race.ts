// Runs clients against each other: each in its own process, repetitions interleaved, so that a busy minute of the machine
// meets all of them and the ratios hold where the seconds do not.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Counts, Farewell, Job, Sample } from "./client.ts";
import { builtProgram } from "./programs.ts";

const bench = fileURLToPath(new URL("..", import.meta.url));

/** A client taking part: a program that speaks the protocol of client.ts. */
export interface Contender {
  name: string;
  command: string;
  args: readonly string[];
  /** Instead of the job's, for a race of statements rather than clients. */
  statement?: string;
  /** Instead of the job's, for a race of servers. */
  url?: string;
}

/** A client's medians over all rounds. */
export interface Standing {
  client: string;
  seconds: number;
  cpuSeconds: number;
  peakMegabytes: number;
  /** Of the last repetition. */
  counts: Counts;
  /** Each figure's median over all rounds. */
  medians: Counts;
  /** Every round's seconds, in order: the ratios are taken round by round. */
  rounds: number[];
}

/** A client in TypeScript, from bench/clients/. */
export function nodeClient(name: string, file: string, ...args: string[]): Contender {
  return { name, command: process.execPath, args: ["--expose-gc", builtProgram(file), ...args] };
}

/** A client in Python, from bench/clients/, in the venv of test/interop/install.mjs. */
export function pythonClient(name: string, file: string, ...args: string[]): Contender {
  const python = fileURLToPath(new URL("../../.cache/interop/venv/bin/python", import.meta.url));
  return { name, command: python, args: [fileURLToPath(new URL(`../clients/${file}`, import.meta.url)), ...args] };
}

/** All contenders do the job `rounds` times in turn, after `warmups` that do not count. A repetition may take 300 s. */
export async function race(contenders: readonly Contender[], job: Job, rounds = 9, warmups = 2): Promise<Standing[]> {
  const runners = contenders.map((contender) => ({ contender, process: start(contender), samples: [] as Sample[] }));
  try {
    for (let round = -warmups; round < rounds; round++) {
      for (let turn = 0; turn < runners.length; turn++) {
        const runner = runners[(turn + round + warmups) % runners.length]!; // nobody is always first
        const { statement = job.statement, url = job.url } = runner.contender;
        const sample = await runner.process.repeat({ url, statement });
        if (round >= 0) runner.samples.push(sample);
      }
    }
    return await Promise.all(
      runners.map(async ({ contender, process, samples }) => ({
        client: contender.name,
        seconds: median(samples.map((sample) => sample.seconds)),
        cpuSeconds: median(samples.map((sample) => sample.cpuSeconds)),
        counts: samples.at(-1)!.counts,
        medians: mediansOf(samples.map((sample) => sample.counts)),
        rounds: samples.map((sample) => sample.seconds),
        ...(await process.end()),
      })),
    );
  } finally {
    for (const runner of runners) runner.process.kill();
  }
}

/** How many times as fast `one` is as `other`: the median of the rounds' ratios. */
export function speedRatio(one: Standing, other: Standing): number {
  return median(one.rounds.map((seconds, round) => other.rounds[round]! / seconds));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function mediansOf(counts: readonly Counts[]): Counts {
  const names = Object.keys(counts[0]!) as (keyof Counts)[];
  const medians = names.map((name) => [name, median(counts.map((each) => each[name]!))]);
  return Object.fromEntries(medians) as Counts;
}

function start({ name, command, args }: Contender) {
  const child = spawn(command, args, { cwd: bench, stdio: ["pipe", "pipe", "inherit"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const failed = once(child, "exit").then(([code, signal]) => {
    throw new Error(`client ${name} ended early: ${signal ?? `exit code ${code}`}`);
  });
  failed.catch(() => undefined); // looked at only while an answer is awaited
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`client ${name} did not answer within 300 s`)), 300_000);
    });
    try {
      const line = await Promise.race([lines.next(), failed, limit]);
      if (line.done) return await failed;
      return JSON.parse(line.value);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async repeat(job: Job): Promise<Sample> {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      return (await answer()) as Sample;
    },
    async end(): Promise<Farewell> {
      child.stdin.end();
      return (await answer()) as Farewell;
    },
    kill,
  };
}
