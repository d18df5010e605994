import { isLoopback } from "../server/browsers.ts";
import { UsageError } from "./command.ts";

/** Waits for Ctrl-C or a request to end; a second one ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => resolve();
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });
}

/**
 * An address to bind.
 *
 * @throws UsageError when other machines reach it and nothing is asked of them
 */
export function hostOf(host: string, token: string | undefined): string {
  if (isLoopback(host) || token) return host;
  throw new UsageError(`--host ${host}: other machines could call then, so there has to be a --token.`);
}

/** A port as it is written on the command line. */
export function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new UsageError(`--port ${text}: a port is a number from 0 to 65535.`);
  return port;
}
