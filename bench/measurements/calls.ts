// The time a query of one row takes, against the two HTTP/2 calls that it comes down to.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, pythonClient, race } from "../harness/race.ts";

export const calls: Measurement = {
  name: "calls",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      for (const atOnce of [1, 64]) {
        const what = `one-row query, ${atOnce} at once`;
        const [ours, raw, cpp] = await race(
          [
            nodeClient("flightsql", "calls.ts", "flightsql", String(atOnce)),
            nodeClient("two raw HTTP/2 calls", "calls.ts", "raw", String(atOnce)),
            pythonClient("flightsql-dbapi (C++)", "calls.py", String(atOnce)),
          ],
          { url: server.url, statement: "numeric 1x1" },
          5,
        );
        for (const { client, seconds, cpuSeconds, peakMegabytes, counts } of [ours!, raw!, cpp!]) {
          const figure = { value: counts.p50!, means: `ms p50 (p99 ${counts.p99!.toFixed(1)})` };
          rows.push({ what, client, seconds, cpuSeconds, peakMegabytes, figure });
        }
        const against = (value: number, means: string, atMost: number): Row => ({
          what,
          client: ours!.client,
          figure: { value, means, bar: { atMost } },
        });
        rows.push(
          against(ours!.counts.p50! / raw!.counts.p50!, "× raw, p50", 1.5),
          against(ours!.counts.p50! / cpp!.counts.p50!, "× flightsql-dbapi, p50", 1),
        );
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
