import type { TestContext } from "vitest";

/**
 * Ends the running test as skipped and prints why; on CI, where everything has to be there, fails instead.
 * Printed by hand because vitest's default reporter keeps the reason of a skip to itself.
 */
export function skip(context: TestContext, reason: string): never {
  if (process.env.CI === "true") throw new Error(`${context.task.name}: cannot run: ${reason}`);
  process.stderr.write(`skipped: ${context.task.name}: ${reason}\n`);
  return context.skip(reason);
}
