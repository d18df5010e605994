import { handles, megabytes, memory } from "./measure.ts";

/** What came of the operations. */
export class Tally {
  operations = 0;
  right = 0;
  wrong = 0;
  hung = 0;
  leaked = 0;
  readonly failed: Map<string, number> = new Map();
  readonly #started = performance.now();
  readonly #told = new Map<string, number>();

  fail(code: string): void {
    this.failed.set(code, (this.failed.get(code) ?? 0) + 1);
  }

  /** Counts what must not be, and prints it: of one kind the first three. */
  accuse(kind: "wrong" | "hung" | "leaked", what: string, details = ""): void {
    this[kind]++;
    const times = (this.#told.get(what) ?? 0) + 1;
    this.#told.set(what, times);
    if (times <= 3) console.error(`${kind.toUpperCase()} ${what}${details === "" ? "" : `: ${details}`}`);
  }

  get isClean(): boolean {
    return this.wrong === 0 && this.hung === 0 && this.leaked === 0;
  }

  line(): string {
    const { rss, heapUsed } = memory();
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    const active = Object.values(handles()).reduce((sum, count) => sum + count, 0);
    const counts = `${this.operations} operations, ${this.right} right, failed ${this.#failures()}, ${this.wrong} wrong, ${this.hung} hung`;
    return `${seconds} s: ${counts}; rss ${megabytes(rss)}, heap ${megabytes(heapUsed)}, ${active} handles`;
  }

  #failures(): string {
    const sorted = [...this.failed].sort(([, a], [, b]) => b - a);
    return `${sorted.reduce((sum, [, count]) => sum + count, 0)} (${sorted.map(([code, count]) => `${code} ${count}`).join(", ")})`;
  }

  summary(): string {
    return [...this.#told].map(([what, times]) => `  ${times} times: ${what}`).join("\n");
  }
}
