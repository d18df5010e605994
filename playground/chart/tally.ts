import type { Aggregate } from "./choose.ts";

/** What is kept of the numbers of some groups, to tell their count, sum, mean, least and greatest. */
export class Tally {
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #least: Float64Array;
  readonly #greatest: Float64Array;

  constructor(groups: number) {
    this.#counts = new Float64Array(groups);
    this.#sums = new Float64Array(groups);
    this.#least = new Float64Array(groups).fill(Number.POSITIVE_INFINITY);
    this.#greatest = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY);
  }

  add(group: number, value: number): void {
    this.#counts[group]!++;
    this.#sums[group]! += value;
    if (value < this.#least[group]!) this.#least[group] = value;
    if (value > this.#greatest[group]!) this.#greatest[group] = value;
  }

  /** NaN for a group without numbers, whose count is 0. */
  get(group: number, aggregate: Aggregate): number {
    const count = this.#counts[group]!;
    if (aggregate === "count") return count;
    if (count === 0) return Number.NaN;
    if (aggregate === "mean") return this.#sums[group]! / count;
    if (aggregate === "min") return this.#least[group]!;
    if (aggregate === "max") return this.#greatest[group]!;
    return this.#sums[group]!;
  }
}
