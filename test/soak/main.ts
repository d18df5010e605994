// node main.js [--minutes N] [--seed S]: faults by chance, every answer checked. Default: ten minutes, a seed by chance.
//
// The seed brings back what is asked, of whom and with which limits, and what the servers and the proxy do to their
// n-th call and connection. When things happen next to each other is up to the machine.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { handles, megabytes, moreHandles, restingMemory } from "./measure.ts";
import { runRound, type Soak } from "./round.ts";
import { Tally } from "./tally.ts";
import { type Answer, type Health, type Places, runWorld } from "./world.ts";

/** What the heap and the buffers may have grown by after the first round, which compiles and caches. */
const mayGrow = 8_000_000;
const roundMs = 45_000;

async function startWorld(seed: number): Promise<{ world: ChildProcess; places: Places }> {
  const world = fork(fileURLToPath(import.meta.url), ["--world", "--seed", String(seed)]);
  const [answer] = (await once(world, "message", { signal: AbortSignal.timeout(60_000) })) as [Answer];
  if (!("places" in answer)) throw new Error("the servers did not start");
  return { world, places: answer.places };
}

async function healthOf(world: ChildProcess): Promise<Health> {
  world.send("how are you?");
  const [answer] = (await once(world, "message", { signal: AbortSignal.timeout(30_000) })) as [Answer];
  if (!("health" in answer)) throw new Error("the servers did not say how they are");
  return answer.health;
}

async function soakFor(minutes: number, seed: number): Promise<boolean> {
  console.log(`${minutes} minutes, --seed ${seed}`);
  const { world, places } = await startWorld(seed);
  const tally = new Tally();
  for (const event of ["uncaughtException", "unhandledRejection", "warning"] as const)
    process.on(event, (thrown: unknown) => {
      const { stack = String(thrown) } = thrown as Error;
      tally.accuse("wrong", event, stack);
    });
  const ticker = setInterval(() => console.log(tally.line()), 10_000);
  const soak: Soak = { places, seed, tally, next: 1 };
  const before = { handles: handles(), memory: await restingMemory(), world: await healthOf(world) };
  const end = performance.now() + minutes * 60_000;
  const left = (): number => end - performance.now();

  /** Runs a while, then looks at what is left. */
  const round = async (ms: number) => {
    await runRound(soak, ms);
    const health = await healthOf(world);
    for (const name of health.repeated) tally.accuse("wrong", "an upload was sent twice", name);
    for (const thrown of health.thrown) tally.accuse("wrong", "thrown by a server", thrown);
    for (const more of await moreHandles(before.handles, 10_000)) tally.accuse("leaked", "handles", more);
    const resting = await restingMemory();
    console.log(
      `  at rest: heap ${megabytes(resting.heapUsed)}, buffers ${megabytes(resting.arrayBuffers)}, rss ${megabytes(resting.rss)}, ` +
        `${JSON.stringify(handles())}; the servers: heap ${megabytes(health.heapUsed)}, rss ${megabytes(health.rss)}, ${health.sockets} sockets`,
    );
    return resting;
  };

  const first = await round(Math.min(roundMs, left() / 4));
  let last = first;
  while (left() > 5000) last = await round(left() < 1.5 * roundMs ? left() : roundMs);
  clearInterval(ticker);
  for (const what of ["heapUsed", "arrayBuffers"] as const) {
    const grown = last[what] - first[what];
    const details = `${megabytes(first[what])} after the first round, ${megabytes(last[what])} after the last`;
    console.log(
      `${what}: ${megabytes(before.memory[what])} at the start, ${details}; it may grow by ${megabytes(mayGrow)}`,
    );
    if (grown > mayGrow) tally.accuse("leaked", what, details);
  }
  console.log(tally.line());
  console.log(tally.isClean ? "nothing wrong, hung or leaked" : `FAILED, --seed ${seed}\n${tally.summary()}`);
  world.disconnect();
  return tally.isClean;
}

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string" }, world: { type: "boolean" } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed ?? Date.now() % 1_000_000)];
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error("--minutes is a number above 0, --seed a whole number");
if (values.world) await runWorld(seed);
else
  try {
    process.exitCode = (await soakFor(minutes, seed)) ? 0 : 1;
  } catch (thrown) {
    // A server that answers nobody any more, for example: the rest would wait for it without end.
    console.error(`FAILED, --seed ${seed}`, thrown);
    process.exit(1);
  }
