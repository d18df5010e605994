// A `fetch`, a transport or an interceptor that somebody else wrote may take no notice of the signal it is given. What
// waits for it must not: a call ends in its time, whatever it is made of.

import type { Transport } from "@connectrpc/connect";

/** A transport of anybody's, which may have an end. */
export type AnyTransport = Transport & { close?: () => void };

/**
 * What a promise brings, or the reason of the signal as soon as that is aborted.
 *
 * @param signal of one RPC, listened to until there is an answer
 * @param late gets what the promise brings when nobody waits for it any more
 */
export function orAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  late: (value: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    promise
      .then((value) => {
        if (signal.aborted) late(value);
        resolve(value);
      }, reject)
      // Node 20 keeps the signal of a fetch for ever when a listener of it leads back to the request.
      .finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The same transport, each of whose calls ends with its signal, at any stage. */
export function leashed(transport: AnyTransport): AnyTransport {
  return {
    unary(method, signal, ...rest) {
      const call = transport.unary(method, signal, ...rest);
      return signal === undefined ? call : orAborted(signal, call);
    },
    async stream(method, signal, ...rest) {
      const call = transport.stream(method, signal, ...rest);
      if (signal === undefined) return await call;
      const response = await orAborted(signal, call);
      return { ...response, message: messagesUntil(signal, response.message) };
    },
    close: () => transport.close?.(),
  };
}

/** One listener for all messages: one for each would cost more than the promise. */
function messagesUntil<T>(signal: AbortSignal, messages: AsyncIterable<T>): AsyncIterable<T> {
  const source = messages[Symbol.asyncIterator]();
  let giveUp = (): void => {};
  signal.addEventListener(
    "abort",
    () => {
      giveUp();
      void settle(source);
    },
    { once: true },
  );
  const next = (): Promise<IteratorResult<T>> =>
    new Promise((resolve, reject) => {
      giveUp = () => reject(signal.reason);
      if (signal.aborted) giveUp();
      else source.next().then(resolve, reject);
    });
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

/**
 * Takes what is left of an aborted call: what had come already, then the abort.
 *
 * Connect clears the timer of a call's deadline only when somebody has seen the end of it.
 */
export async function settle(messages: AsyncIterator<unknown>): Promise<void> {
  try {
    while (!(await messages.next()).done);
  } catch {
    // The abort.
  }
}
