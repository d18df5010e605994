import { Turns } from "../../src/flight/turn.ts";

/** Milliseconds that work on many rows may take before the page draws and hears its keys again. */
const SLICE_MS = 12;

/** Gives the page its turns during long work: to be awaited now and then, about every millisecond of it. */
export type Pause = () => Promise<void> | undefined;

/** @param signal ends the work: the pause after an abort throws its reason */
export function pauses(signal?: AbortSignal): Pause {
  const turns = new Turns(SLICE_MS);
  return () => {
    signal?.throwIfAborted();
    return turns.next()?.then(() => signal?.throwIfAborted());
  };
}
