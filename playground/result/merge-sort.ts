import type { Pause } from "./turns.ts";

/** Places sorted without a pause. */
const RUN = 2048;

/** The numbers from 0 to `count` in the order that `compare` gives them, sorted in slices of time. Stable. */
export async function mergeSort(
  count: number,
  compare: (a: number, b: number) => number,
  pause: Pause,
): Promise<Uint32Array> {
  let from = Uint32Array.from({ length: count }, (_, i) => i);
  for (let begin = 0; begin < count; begin += RUN) {
    from.subarray(begin, begin + RUN).sort(compare);
    await pause();
  }
  let to = new Uint32Array(count);
  for (let run = RUN; run < count; run *= 2) {
    for (let begin = 0; begin < count; begin += 2 * run) {
      const middle = Math.min(begin + run, count);
      const end = Math.min(begin + 2 * run, count);
      let left = begin;
      let right = middle;
      for (let at = begin; at < end; at++) {
        if (at % RUN === 0) await pause();
        const takeLeft = right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
        to[at] = from[takeLeft ? left++ : right++]!;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
