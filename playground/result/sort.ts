import type { Batches } from "../batches.ts";
import { type SortKeys, sortKeys } from "./sort-keys.ts";
import type { Pause } from "./turns.ts";

export interface SortBy {
  column: number;
  descending: boolean;
}

/** Rows counted or moved without a pause. */
const STEP = 32_768;

/**
 * The row numbers of a result in the order of a column: nulls last in both directions, NaN behind the numbers, rows of
 * equal values as they came. Sorts by the columns' own words, without making a row, in slices of time.
 */
export async function sortedRows(batches: Batches, by: SortBy, pause: Pause): Promise<Uint32Array> {
  const { words, missing } = await sortKeys(batches, by.column, by.descending, pause);
  const { order, present } = nullsLast(words[0]!.length, missing);
  order.set(await radixSort(order.slice(0, present), words, pause));
  return order;
}

function nullsLast(rows: number, missing: SortKeys["missing"]): { order: Uint32Array; present: number } {
  const order = new Uint32Array(rows);
  let present = 0;
  for (let row = 0; row < rows; row++) if (missing?.[row] !== 1) order[present++] = row;
  let at = present;
  if (present < rows) for (let row = 0; row < rows; row++) if (missing![row] === 1) order[at++] = row;
  return { order, present };
}

/** Sorts by 16 bits at a time, from the lowest: stable, and as fast for int64 as its eight bytes are few. */
async function radixSort(rows: Uint32Array, words: readonly Uint32Array[], pause: Pause): Promise<Uint32Array> {
  let from: Uint32Array = rows;
  let to: Uint32Array = new Uint32Array(rows.length);
  for (const word of words) {
    for (const shift of [0, 16]) {
      const places = new Uint32Array(65_536);
      for (let begin = 0; begin < from.length; begin += STEP) {
        const end = Math.min(begin + STEP, from.length);
        for (let i = begin; i < end; i++) places[(word[from[i]!]! >>> shift) & 0xffff]!++;
        await pause();
      }
      // All have the same digit here: nothing moves.
      if (places[(word[from[0] ?? 0]! >>> shift) & 0xffff] === from.length) continue;
      let place = 0;
      for (let digit = 0; digit < 65_536; digit++) {
        const count = places[digit]!;
        places[digit] = place;
        place += count;
      }
      for (let begin = 0; begin < from.length; begin += STEP) {
        const end = Math.min(begin + STEP, from.length);
        for (let i = begin; i < end; i++) {
          const row = from[i]!;
          to[places[(word[row]! >>> shift) & 0xffff]!++] = row;
        }
        await pause();
      }
      [from, to] = [to, from];
    }
  }
  return from;
}
