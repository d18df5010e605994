import { constants } from "node:os";

/** Ctrl-C, or a polite request to end. */
export class Interrupted extends Error {
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("cancelled");
    this.exitCode = exitCode;
  }
}

/**
 * Runs `work` so that Ctrl-C (or SIGTERM) calls `stop`, once, and a second one ends the process at once.
 *
 * @param stop ends the work, here and at the server; it settles within seconds
 * @throws Interrupted when it was stopped, whatever became of the work: what it wrote to may not be read by anybody
 */
export async function interruptible<T>(stop: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let leave = (_reason: Interrupted): void => {};
  const left = new Promise<never>((_, reject) => {
    leave = reject;
  });
  let interrupted: Interrupted | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal];
    if (interrupted) process.exit(code);
    interrupted = new Interrupted(code);
    const reason = interrupted;
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[KCancelling. Ctrl-C again leaves at once.\n");
    stop().then(
      () => leave(reason),
      () => leave(reason),
    );
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const working = work().catch(async (thrown: unknown) => {
      // What the work fails of is then that it was stopped.
      if (interrupted) return await left;
      throw thrown;
    });
    return await Promise.race([working, left]);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
