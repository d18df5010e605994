// What a file in measurements/ gives to run.ts.

/** One line of the table; a figure that does not apply is left out. */
export interface Row {
  /** What was measured: "280 MB numeric". */
  what: string;
  client: string;
  /** Megabytes (1e6) of result per second, wall. */
  megabytesPerSecond?: number;
  seconds?: number;
  cpuSeconds?: number;
  peakMegabytes?: number;
  /** A ratio or a count, what it means, and the bar it is held against. */
  figure?: { value: number; means: string; bar?: { atLeast: number } | { atMost: number } };
  /** Said instead of figures: why there are none. */
  note?: string;
}

/** A benchmark by name. `run` starts what it needs and stops it again. */
export interface Measurement {
  name: string;
  run(): Promise<Row[]>;
}
