import type { ClientOptions, FlightSqlClient } from "flightsql";

/** A server as one platform reaches it over one transport. */
export interface Target {
  readonly name: string;
  readonly options: () => ClientOptions;
  readonly dialect: Dialect;
  /**
   * What this target cannot do, and why. Such scenarios run all the same and must fail: one that passes is no longer
   * missing, and its line has to go.
   */
  readonly cannot: Readonly<Record<string, string>>;
  /** What must not even be tried, as it would end the server or tell nothing. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** The little in which the servers' SQL differs. */
export interface Dialect {
  /** A query for n = 0 … rows - 1, in this order, in one column `n`. */
  readonly series: (rows: number) => string;
  /** A query of about this many bytes of data in few rows. */
  readonly wide: (rows: number, bytesEach: number) => string;
  /** Names of types. */
  readonly types: { readonly bigint: string; readonly double: string; readonly text: string; readonly bytes: string };
  /** What the server says of a table `no_such_table`, and with which code. */
  readonly missing: { readonly code: string; readonly text: RegExp };
}

/** One thing that every server ought to do. It throws when the server does not. */
export type Scenario = (client: FlightSqlClient, dialect: Dialect) => Promise<void>;

let count = 0;

/** A table's name that no other scenario uses, on whichever platform it runs. */
export function freshName(): string {
  return `contract_${Math.random().toString(36).slice(2, 10)}_${count++}`;
}
