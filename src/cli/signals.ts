import { once } from "node:events";

/** Resolves at the first Ctrl-C or SIGTERM; a second one then ends the process as usual. */
export async function untilStopped(): Promise<void> {
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  process.removeAllListeners("SIGINT");
  process.removeAllListeners("SIGTERM");
}
