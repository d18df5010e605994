/** Equal steps that a range is cut into, as people count them. */
export interface Steps {
  width: number;
  /** What one step is called, `1 day`; undefined for numbers. */
  name?: string;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TIMES: readonly (readonly [number, string])[] = [
  [1, "1 ms"],
  [10, "10 ms"],
  [100, "100 ms"],
  [SECOND, "1 second"],
  [5 * SECOND, "5 seconds"],
  [15 * SECOND, "15 seconds"],
  [MINUTE, "1 minute"],
  [5 * MINUTE, "5 minutes"],
  [15 * MINUTE, "15 minutes"],
  [HOUR, "1 hour"],
  [3 * HOUR, "3 hours"],
  [6 * HOUR, "6 hours"],
  [DAY, "1 day"],
  [7 * DAY, "1 week"],
  [28 * DAY, "4 weeks"],
  [91 * DAY, "13 weeks"],
  [365.25 * DAY, "1 year"],
  [3652.5 * DAY, "10 years"],
];

/** The narrowest steps of which no more than `most` make up the range from `low` to `high`. */
export function stepsIn(low: number, high: number, most: number, isTime: boolean): Steps {
  const least = (high - low) / most;
  if (isTime) {
    const found = TIMES.find(([width]) => width >= least) ?? TIMES.at(-1)!;
    if (found[0] >= least) return { width: found[0], name: found[1] };
  }
  if (!(least > 0)) return { width: 1 };
  const power = 10 ** Math.floor(Math.log10(least));
  return { width: power * [1, 2, 5, 10].find((nice) => nice * power >= least * 0.999999)! };
}

/** The lowest and the highest number; undefined when there is none. Infinities do not count. */
export function extent(numbers: Float64Array): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const number of numbers) {
    if (!Number.isFinite(number)) continue;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  return low <= high ? [low, high] : undefined;
}
