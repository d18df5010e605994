/** Milliseconds that work on many rows may take before the page draws and hears its keys again. */
const SLICE_MS = 12;

/** Gives the page its turns during long work: to be awaited now and then, about every millisecond of it. */
export type Pause = () => Promise<void> | undefined;

/** @param signal ends the work: the pause after an abort throws its reason */
export function pauses(signal?: AbortSignal): Pause {
  let begun = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - begun < SLICE_MS) return undefined;
    return turn().then(() => {
      signal?.throwIfAborted();
      begun = performance.now();
    });
  };
}

function turn(): Promise<void> {
  // A page in the background has its timers slowed down to one a second, its messages not.
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } };
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}
