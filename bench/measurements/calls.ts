// The time a query of one row takes, against the two HTTP/2 calls that it comes down to and against other clients.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, pythonClient, race, type Standing } from "../harness/race.ts";

export const calls: Measurement = {
  name: "calls",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      for (const atOnce of [1, 64]) {
        const what = `one-row query, ${atOnce} at once`;
        const [ours, raw, cpp, adbc] = await race(
          [
            nodeClient("flightsql", "calls.ts", "flightsql", String(atOnce)),
            nodeClient("two raw HTTP/2 calls", "calls.ts", "raw", String(atOnce)),
            pythonClient("flightsql-dbapi (C++)", "calls.py", "dbapi", String(atOnce)),
            pythonClient("ADBC (Go)", "calls.py", "adbc", String(atOnce)),
          ],
          { url: server.url, statement: "numeric 1x1" },
          5,
        );
        for (const { client, seconds, cpuSeconds, peakMegabytes, counts } of [ours!, raw!, cpp!, adbc!]) {
          const figure = { value: counts.p50!, means: `ms p50 (p99 ${counts.p99!.toFixed(1)})` };
          rows.push({ what, client, seconds, cpuSeconds, peakMegabytes, figure });
        }
        const against = (other: Standing, name: string, atMost?: number): Row => {
          const value = ours!.counts.p50! / other.counts.p50!;
          const bar = atMost === undefined ? {} : { bar: { atMost } };
          return { what, client: ours!.client, figure: { value, means: `× ${name}, p50`, ...bar } };
        };
        rows.push(against(raw!, "raw", 1.5), against(cpp!, "flightsql-dbapi"), against(adbc!, "ADBC", 1));
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
