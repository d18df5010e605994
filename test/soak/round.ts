// Operations side by side for a while, then everything closed and looked at.

import { getEventListeners } from "node:events";
import { FlightSqlError } from "../../src/node.ts";
import { isPlausible, type Member, recruit } from "./crew.ts";
import { type Job, type Operation, sleep, Wrong } from "./job.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";
import { reads, scriptedRead } from "./reads.ts";
import type { Tally } from "./tally.ts";
import type { Places } from "./world.ts";
import { scriptedWrite, writes } from "./writes.ts";

/** The most operations at once. */
const most = 50;
const clients = 8;
/** Beyond its own limit, and the five seconds in which something is tidied up: the machine may be slow. */
const graceMs = 15_000;

export interface Soak {
  readonly places: Places;
  readonly seed: number;
  readonly tally: Tally;
  /** Ids of operations and of clients. */
  next: number;
}

/** @returns what the tables hold that they must not, and what is left behind */
export async function runRound(soak: Soak, ms: number): Promise<void> {
  const { places, seed, tally } = soak;
  const firstId = soak.next;
  const ledger = new Ledger();
  const lasting = new AbortController();
  const crew: Member[] = [];
  const closings = new Set<Promise<void>>();
  const end = performance.now() + ms;
  let atOnce = 1;

  const close = (member: Member): void => {
    member.isClosed = true;
    const closing = limited(member.client.close(), graceMs).then(
      (isOver) => {
        closings.delete(closing);
        if (!isOver) tally.accuse("hung", `close() of a ${member.kind} client`, member.url);
      },
      (thrown: unknown) => tally.accuse("wrong", `close() of a ${member.kind} client failed`, String(thrown)),
    );
    closings.add(closing);
  };

  const run = async (slot: number): Promise<void> => {
    const id = soak.next++;
    // Of the operation's number alone, so that it comes again with the seed.
    const random = new Random(seed, id);
    const member = crew[slot]!;
    const { signal, stop } = stopper(random, lasting.signal);
    const timeoutMs = random.chance(0.2) ? random.log(1, 500) : random.int(4000, 8000);
    let cancelled = false;
    const job: Job = {
      id,
      client: member.client,
      random,
      options: { timeoutMs, ...(signal !== undefined && { signal }) },
      ledger,
      mayBeCancelled: () => {
        cancelled = true;
      },
    };
    const operation = choose(member, random);
    const name = `${operation.name} (${member.kind}, ${member.url.slice(0, 4)})`;
    const where = `operation ${id} of ${member.url}, ${timeoutMs} ms`;
    tally.operations++;
    const attempt = operation(job).then(
      () => {
        tally.right++;
      },
      (thrown: unknown) => {
        if (thrown instanceof FlightSqlError) {
          const { code, message } = thrown as FlightSqlError;
          tally.fail(code);
          const stopped = cancelled || member.isClosed || (signal?.aborted ?? false);
          if (!isPlausible(member.kind, code, stopped))
            tally.accuse("wrong", `${name}: ${code}`, `${where}: ${message}`);
        } else if (thrown instanceof Wrong) tally.accuse("wrong", name, `${where}: ${thrown.message}`);
        else
          tally.accuse(
            "wrong",
            `${name}: no FlightSqlError`,
            `${where}: ${String((thrown as Error)?.stack ?? thrown)}`,
          );
      },
    );
    // Several calls, one behind the other, make an operation: each has its limit.
    if (!(await limited(attempt, timeoutMs * 4 + graceMs))) tally.accuse("hung", name, where);
    stop();
  };

  const worker = async (index: number): Promise<void> => {
    while (performance.now() < end)
      if (index < atOnce) await run(index % clients);
      else await sleep(50);
  };

  const director = async (): Promise<void> => {
    const random = new Random(seed, -firstId - 2);
    let waveEnds = 0;
    while (performance.now() < end) {
      if (performance.now() > waveEnds) {
        atOnce = random.log(1, most + 1);
        waveEnds = performance.now() + random.int(500, 5000);
      }
      // Some while calls are in flight.
      const slot = random.int(0, clients - 1);
      const fresh = await recruit(places, random, soak.next++);
      const old = crew[slot]!;
      crew[slot] = fresh;
      close(old);
      await sleep(random.log(20, 1500));
    }
  };

  const random = new Random(seed, -firstId - 1);
  for (let slot = 0; slot < clients; slot++) crew.push(await recruit(places, random, soak.next++));
  await Promise.all([director(), ...Array.from({ length: most }, (_, index) => worker(index))]);
  for (const member of crew) close(member);
  await Promise.all(closings);

  const listeners = getEventListeners(lasting.signal, "abort").length;
  if (listeners > 0) tally.accuse("leaked", "listeners of a signal that outlives its calls", String(listeners));
  // What a server has received, it may still be doing.
  await sleep(1500);
  for (const fault of await ledger.audit(`grpc://127.0.0.1:${places.direct}`, firstId))
    tally.accuse("wrong", `the ledger's ${fault.split(" ", 1)[0]}`, fault);
}

function choose({ kind }: Member, random: Random): Operation {
  if (kind.startsWith("raw")) return random.chance(0.6) ? scriptedRead : scriptedWrite;
  return random.weighted([...reads, ...writes]);
}

/** A signal that aborts at some time, one that never does, or none. */
function stopper(random: Random, lasting: AbortSignal): { signal: AbortSignal | undefined; stop: () => void } {
  if (random.chance(0.3)) return { signal: lasting, stop: () => {} };
  if (random.chance(0.8)) return { signal: undefined, stop: () => {} };
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("enough")), random.log(1, 2000));
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}

/** Whether it was over in time. */
async function limited(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
