import { expect, test } from "vitest";
import { weighWeb } from "./weight.ts";

// What a page pays for flightsql/web, in kilobytes (1000 bytes), minified and gzipped; `npm run bench bundle` prints which
// room it pays for. What writes Arrow, and decompressors, come when a call or a batch needs them, and do not count. Half
// of the first limit is the protobuf runtime and the generated messages, which no client here can do without.

test.each([
  { name: "without apache-arrow", withArrow: false, limit: 68 },
  { name: "with apache-arrow", withArrow: true, limit: 98 },
])("flightsql/web, $name, is at most $limit KB", { timeout: 60_000 }, async ({ withArrow, limit }) => {
  const { total, parts } = await weighWeb({ withArrow });
  // The bundle is what it is meant to be.
  expect.soft(parts.has("apache-arrow")).toBe(withArrow);
  for (const room of ["src/arrow", "src/transport", "src/flight", "src/sql", "src/gen"]) {
    expect.soft(parts.get(room) ?? 0, room).toBeGreaterThan(500);
  }
  const sums = [...parts].map(([part, bytes]) => `${part} ${(bytes / 1000).toFixed(1)}`).join(", ");
  expect(total / 1000, `of which ${sums}`).toBeLessThanOrEqual(limit);
});
