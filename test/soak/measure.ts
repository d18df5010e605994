import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sleep } from "./job.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

/** Of what is really in use. */
export function memory(): Memory {
  gc();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heapUsed, arrayBuffers };
}

/** The same when nothing runs: what has a finalizer needs a turn between two collections. */
export async function restingMemory(): Promise<Memory> {
  for (let i = 0; i < 4; i++) {
    gc();
    await sleep(50);
  }
  return memory();
}

/** How many of each kind keep the process alive. */
export function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Kinds of which there are more than before, once idle connections had their time to end. */
export async function moreHandles(before: Readonly<Record<string, number>>, ms: number): Promise<string[]> {
  const end = performance.now() + ms;
  for (;;) {
    const more = Object.entries(handles()).filter(([name, count]) => count > (before[name] ?? 0));
    if (more.length === 0 || performance.now() > end) return more.map(([name, count]) => `${count} ${name}`);
    await sleep(100);
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
