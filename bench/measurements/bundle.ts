// What a page pays for `flightsql/web`, minified and gzipped, and which room it pays for.

import { weighWeb } from "../../test/package/weight.ts";
import type { Measurement, Row } from "../harness/measurement.ts";

export const bundle: Measurement = {
  name: "bundle",
  async run() {
    const rows: Row[] = [];
    for (const { name, withArrow, atMost } of [
      { name: "without apache-arrow", withArrow: false, atMost: 48 },
      { name: "with apache-arrow", withArrow: true, atMost: 98 },
    ]) {
      const what = `flightsql/web ${name}`;
      const { total, parts, later } = await weighWeb({ withArrow });
      const row = (client: string, bytes: number, means: string, bar?: { atMost: number }): Row => ({
        what,
        client,
        figure: { value: bytes / 1000, means, ...(bar && { bar }) },
      });
      rows.push(row("all", total, "KB min + gzip", { atMost }));
      for (const [part, bytes] of parts) rows.push(row(part, bytes, "KB of it"));
      for (const [part, bytes] of later) rows.push(row(part, bytes, "KB loaded when needed"));
    }
    return rows;
  },
};
