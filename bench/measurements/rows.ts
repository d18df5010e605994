// Two million rows as JavaScript objects, against a loop written by hand for the same columns, against apache-arrow's row
// proxies and against influxdb3-client.

import { fileURLToPath } from "node:url";
import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, race, type Standing, speedRatio } from "../harness/race.ts";

const influxServer = fileURLToPath(new URL("../servers/influx.py", import.meta.url));

export const rows: Measurement = {
  name: "rows",
  async run() {
    const server = await startPyarrow();
    const forInflux = await startPyarrow({ script: influxServer });
    try {
      const lines: Row[] = [];
      for (const data of ["numeric", "mixed"]) {
        const job = { url: server.url, statement: `${data} 32x62500` };
        for (const shape of ["all", "rowBatches"]) {
          const [ours, hand, proxies] = await race(
            [
              nodeClient("flightsql", "rows.ts", "flightsql", shape),
              nodeClient("loop by hand", "rows.ts", "hand", shape),
              nodeClient("apache-arrow's rows", "rows.ts", "proxies", shape),
            ],
            job,
            3,
            1,
          );
          const what = `${shape}(), 2M rows ${data}`;
          lines.push(...rank(what, ours!, [hand!, 0.7], [proxies!, 10]), ceiling(what, hand!, proxies!));
        }
        const ours = nodeClient("flightsql", "rows.ts", "flightsql", "rows");
        const hand = nodeClient("generator by hand", "rows.ts", "hand", "rows");
        const [one, byHand] = await race([ours, hand], job, 5, 1);
        lines.push(...rank(`rows(), 2M rows ${data}`, one!, [byHand!, 0.9]));
        // Two million take influxdb3-client about a minute.
        const fewer = { url: server.url, statement: `${data} 4x62500` };
        const influx = { ...nodeClient("influxdb3-client", "rows.ts", "influxdb", "rows"), url: forInflux.url };
        const [other, byInflux, again] = await race([ours, influx, hand], fewer, 3, 1);
        const what = `rows(), 250,000 rows ${data}`;
        lines.push(...rank(what, other!, [byInflux!, 10]), ceiling(what, again!, byInflux!));
      }
      return lines;
    } finally {
      await server.stop();
      await forInflux.stop();
    }
  },
};

/** What the loop written by hand reaches: more is not to be had. */
function ceiling(what: string, hand: Standing, other: Standing): Row {
  return { what, client: hand.client, figure: { value: speedRatio(hand, other), means: `× ${other.client}` } };
}

function rank(what: string, ours: Standing, ...others: [other: Standing, atLeast: number][]): Row[] {
  return [
    ...[ours, ...others.map(([other]) => other)].map(({ client, seconds, cpuSeconds, peakMegabytes }) => {
      return { what, client, seconds, cpuSeconds, peakMegabytes };
    }),
    ...others.map(([other, atLeast]) => {
      const figure = { value: speedRatio(ours, other), means: `× ${other.client}`, bar: { atLeast } };
      return { what, client: ours.client, figure };
    }),
  ];
}
