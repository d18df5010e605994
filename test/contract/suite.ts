import { FlightSqlClient } from "flightsql";
import { describe, expect, test } from "vitest";
import { scenarios } from "./scenarios/index.ts";
import type { Scenario, Target } from "./target.ts";

/** Declares every scenario for a target. Its options are asked for when a test runs, so that servers may start before. */
export function contract(target: Target): void {
  describe(target.name, () => {
    const unknown = Object.keys({ ...target.cannot, ...target.skip }).filter((name) => !(name in scenarios));
    if (unknown.length > 0) throw new Error(`${target.name}: no such scenarios: ${unknown.join(", ")}`);
    for (const [name, scenario] of Object.entries(scenarios)) {
      const skipped = target.skip?.[name];
      if (skipped !== undefined) {
        // Printed by hand: vitest's default reporter keeps the reason to itself.
        console.info(`skipped: ${target.name}: ${name}: ${skipped}`);
        test.skip(`${name} (${skipped})`);
        continue;
      }
      const reason = target.cannot[name];
      test(reason === undefined ? name : `${name}: cannot (${reason})`, async () => {
        const outcome = run(scenario, target);
        if (reason === undefined) await outcome;
        else
          await expect(
            outcome,
            `${target.name} is said not to do this, yet it does: take it out of \`cannot\``,
          ).rejects.toThrow();
      });
    }
  });
}

async function run(scenario: Scenario, { options, dialect }: Target): Promise<void> {
  const client = new FlightSqlClient({ timeoutMs: 25_000, ...options() });
  try {
    await scenario(client, dialect);
  } finally {
    await client.close();
  }
}
