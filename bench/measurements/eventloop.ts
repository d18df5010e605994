// The longest that anything else in a Node process waits while a large result comes in.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, race } from "../harness/race.ts";

export const eventloop: Measurement = {
  name: "eventloop",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      const idle = nodeClient("an idle process", "eventloop.ts", "idle");
      const reader = nodeClient("hand-written reader", "eventloop.ts", "reader");
      for (const { what, statement, contenders, atMost } of [
        {
          what: "table() of 280 MB numeric",
          statement: "numeric 160x62500",
          contenders: [nodeClient("flightsql", "eventloop.ts", "table"), reader, idle],
          atMost: 10,
        },
        {
          what: "all() of 2M rows numeric",
          statement: "numeric 32x62500",
          contenders: [nodeClient("flightsql", "eventloop.ts", "all"), idle],
        },
        {
          what: "all() of 2M rows mixed",
          statement: "mixed 32x62500",
          contenders: [nodeClient("flightsql", "eventloop.ts", "all"), idle],
        },
      ]) {
        const standings = await race(contenders, { url: server.url, statement }, 7, 2);
        for (const { client, seconds, cpuSeconds, peakMegabytes, medians } of standings) {
          const means = `ms the longest delay, median of runs (p99 ${medians.p99Ms!.toFixed(1)})`;
          const bar = client === "flightsql" && atMost !== undefined ? { bar: { atMost } } : {};
          const figure = { value: medians.longestMs!, means, ...bar };
          rows.push({ what, client, seconds, cpuSeconds, peakMegabytes, figure });
        }
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
