import type { FlightSqlClient } from "../../src/node.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** What one operation works with. */
export interface Job {
  readonly id: number;
  readonly client: FlightSqlClient;
  readonly random: Random;
  /** For each call that it makes. */
  readonly options: { readonly signal?: AbortSignal; readonly timeoutMs: number };
  readonly ledger: Ledger;
  /** From now on `canceled` is what it may end with. */
  mayBeCancelled(): void;
}

export type Operation = (job: Job) => Promise<void>;

/** An answer that is none: neither what was asked for nor an error. */
export class Wrong extends Error {}

export function check(condition: boolean, what: string): void {
  if (!condition) throw new Wrong(what);
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
