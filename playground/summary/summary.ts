import { valueReader } from "../../src/arrow/values.ts";
import type { Batches } from "../batches.ts";
import { extent, stepsIn } from "../chart/steps.ts";
import { isNumeric, writerFor } from "../format.ts";
import { kindOf, numbersOf } from "../result/numbers-of.ts";
import { sortedRows } from "../result/sort.ts";
import type { Pause } from "../result/turns.ts";

/** Different values that are told apart; beyond it their number is only known to be larger. */
export const MOST_DISTINCT = 100_000;

const STEP = 4096;
const BARS = 24;

/** A column in a few numbers. Texts are exact, as the grid has them. */
export interface Summary {
  rows: number;
  nulls: number;
  /** Exact up to MOST_DISTINCT; `more` when there are more than that. */
  distinct: number;
  more: boolean;
  least?: string;
  greatest?: string;
  /** Of the numbers, as a double; NaN values are left out. */
  mean?: number;
  /** Most frequent values and their rows, of columns that are neither numbers nor times. */
  top?: [string, number][];
  /** Rows in each of some equal steps from the least number to the greatest. */
  histogram?: number[];
}

/** Looks at a whole column, in slices of time. */
export async function summarize(batches: Batches, column: number, pause: Pause): Promise<Summary> {
  const { type } = batches.schema.fields[column]!;
  const kind = kindOf(type);
  const { nulls, counts, more } = await countValues(batches, column, pause);
  const summary: Summary = { rows: batches.rowCount, nulls, distinct: counts.size, more };
  if (kind === "category" && !more) {
    summary.top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  }
  const present = batches.rowCount - nulls;
  if (present === 0 || kind === "other") return summary;
  const order = await sortedRows(batches, { column, descending: false }, pause);
  summary.least = textAt(batches, order[0]!, column);
  summary.greatest = textAt(batches, order[present - 1]!, column);
  if (kind === "category") return summary;
  const numbers = await numbersOf(batches, column, pause);
  const range = extent(numbers);
  if (!range) return summary;
  if (isNumeric(type)) summary.mean = await meanOf(numbers, pause);
  summary.histogram = await histogramOf(numbers, range, kind === "time", pause);
  return summary;
}

async function countValues(
  batches: Batches,
  column: number,
  pause: Pause,
): Promise<{ nulls: number; counts: Map<string, number>; more: boolean }> {
  const { type, name } = batches.schema.fields[column]!;
  const write = writerFor(type);
  const counts = new Map<unknown, number>();
  let nulls = 0;
  let more = false;
  for (const data of batches.column(column)) {
    for (let begin = 0; begin < data.length; begin += STEP) {
      const end = Math.min(begin + STEP, data.length);
      const read = valueReader(data, begin, end, name, { timestamp: "bigint" });
      for (let i = begin; i < end; i++) {
        const value = read(i);
        if (value === null) {
          nulls++;
          continue;
        }
        if (more) continue;
        // Objects are told apart by what they say.
        const key = typeof value === "object" ? write(value) : value;
        const seen = counts.get(key);
        if (seen === undefined && counts.size === MOST_DISTINCT) more = true;
        else counts.set(key, (seen ?? 0) + 1);
      }
      await pause();
    }
  }
  return { nulls, more, counts: new Map([...counts].map(([key, count]) => [String(key), count])) };
}

function textAt(batches: Batches, row: number, column: number): string {
  const { data, index } = batches.at(row, column)!;
  const value = valueReader(data, index, index + 1, "", { timestamp: "string" })(index);
  return writerFor(data.type)(value);
}

async function meanOf(numbers: Float64Array, pause: Pause): Promise<number> {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < numbers.length; i++) {
    if (i % 65_536 === 0) await pause();
    if (Number.isNaN(numbers[i])) continue;
    sum += numbers[i]!;
    count++;
  }
  return sum / count;
}

async function histogramOf(
  numbers: Float64Array,
  [low, high]: [number, number],
  isTime: boolean,
  pause: Pause,
): Promise<number[]> {
  const { width } = stepsIn(low, high, BARS, isTime);
  const first = Math.floor(low / width);
  const bars = new Array<number>(Math.floor(high / width) - first + 1).fill(0);
  for (let i = 0; i < numbers.length; i++) {
    if (i % 65_536 === 0) await pause();
    if (Number.isFinite(numbers[i])) bars[Math.floor(numbers[i]! / width) - first]!++;
  }
  return bars;
}
