import type { Spend } from "./take.ts";

const maxItems = 2 ** 31 - 1;

/**
 * List views as plain lists.
 *
 * @param starts where each list begins among the items
 * @param sizes how many items it has
 * @returns offsets of lists one behind the other, and the items to move to get there; null when they lie so already
 */
export function viewItems(
  starts: Int32Array | BigInt64Array,
  sizes: Int32Array | BigInt64Array,
  available: number,
  column: string,
  isNull: (row: number) => boolean,
  spend: Spend,
): { valueOffsets: Int32Array | BigInt64Array; items: Int32Array | null } {
  const rows = starts.length;
  spend(rows * 16);
  const from = new Int32Array(rows);
  const ends = new Float64Array(rows + 1);
  let inOrder = true;
  let first = -1;
  for (let i = 0; i < rows; i++) {
    // What a null points to is not its value.
    const size = isNull(i) ? 0 : Number(sizes[i]);
    const start = size === 0 ? 0 : Number(starts[i]);
    if (size < 0 || start < 0 || start + size > available)
      throw new RangeError(`list ${i} of column "${column}" reaches outside its ${available} items`);
    if (size > 0 && first < 0) first = start;
    if (size > 0 && start !== first + ends[i]!) inOrder = false;
    from[i] = start;
    ends[i + 1] = ends[i]! + size;
  }
  const total = ends[rows]!;
  if (total > maxItems) throw new RangeError(`the lists of column "${column}" have ${total} items in one batch`);
  const shift = inOrder ? Math.max(0, first) : 0;
  const valueOffsets =
    starts instanceof BigInt64Array
      ? BigInt64Array.from(ends, (end) => BigInt(end + shift))
      : Int32Array.from(ends, (end) => end + shift);
  return { valueOffsets, items: inOrder ? null : itemIndices(from, ends, spend) };
}

function itemIndices(from: Int32Array, ends: Float64Array, spend: Spend): Int32Array {
  const total = ends[from.length]!;
  spend(total * 4);
  const items = new Int32Array(total);
  for (let i = 0; i < from.length; i++) {
    for (let at = ends[i]!, item = from[i]!; at < ends[i + 1]!; ) items[at++] = item++;
  }
  return items;
}

/**
 * For each row of a run-end encoded column the index of its value.
 *
 * @param ends one behind the last row of each run
 */
export function runIndices(
  ends: Int16Array | Int32Array | BigInt64Array,
  rows: number,
  values: number,
  column: string,
  spend: Spend,
): Int32Array {
  if (values < ends.length) throw new RangeError(`column "${column}" has ${ends.length} runs and ${values} values`);
  spend(rows * 4);
  const indices = new Int32Array(rows);
  let row = 0;
  for (let run = 0; run < ends.length; run++) {
    const end = Number(ends[run]);
    if (end <= (run === 0 ? 0 : Number(ends[run - 1])))
      throw new RangeError(`run ${run} of column "${column}" ends before it begins`);
    indices.fill(run, row, Math.min(end, rows));
    row = Math.min(end, rows);
  }
  if (row < rows) throw new RangeError(`the runs of column "${column}" end before its ${rows} rows`);
  return indices;
}
