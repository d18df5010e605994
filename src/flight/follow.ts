// One listener on a signal, however many calls share it: a page or a request has one signal for all it does, and Node
// takes more than ten listeners on it for a leak.

const followers = new WeakMap<EventTarget, Set<() => void>>();

/** Calls back when the signal is aborted. */
export function follow(signal: AbortSignal, callback: () => void): void {
  let callbacks = followers.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    followers.set(signal, callbacks);
    signal.addEventListener("abort", onAbort);
  }
  callbacks.add(callback);
}

export function unfollow(signal: AbortSignal, callback: () => void): void {
  const callbacks = followers.get(signal);
  if (callbacks === undefined || !callbacks.delete(callback) || callbacks.size > 0) return;
  followers.delete(signal);
  signal.removeEventListener("abort", onAbort);
}

function onAbort({ target }: Event): void {
  for (const callback of followers.get(target!) ?? []) callback();
}
