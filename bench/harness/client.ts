// The child's half of a race: one process for one client, told over stdin what to do, answering over stdout.

import { createInterface } from "node:readline";

/** One repetition: what it is to do, as the measurement defines it. */
export interface Job {
  url: string;
  statement: string;
}

/** What a client counts in one repetition; `bytes` is what arrived. */
export interface Counts {
  bytes: number;
  [figure: string]: number;
}

/** What one repetition took. */
export interface Sample {
  seconds: number;
  cpuSeconds: number;
  counts: Counts;
}

/** What a client says when its input ends. */
export interface Farewell {
  peakMegabytes: number;
}

/** For small calls: a collection forgets what V8 has learnt of the code, too, and they would be measured while it learns. */
export const keepAll = (): void => {};

/**
 * Answers jobs until stdin ends. `work` does one repetition and counts; the garbage of the one before is collected
 * first, outside the clock: this process's, or where `collect` says.
 */
export async function serveJobs(
  work: (job: Job) => Promise<Counts>,
  close: () => Promise<void> | void | undefined,
  collect: () => unknown = () => globalThis.gc?.(),
): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line) as Job;
    await collect();
    const cpu = process.cpuUsage();
    const started = performance.now();
    const counts = await work(job);
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    say({ seconds, cpuSeconds: (user + system) / 1e6, counts });
  }
  await close();
  say({ peakMegabytes: process.resourceUsage().maxRSS / 1000 });
}

function say(answer: Sample | Farewell): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
