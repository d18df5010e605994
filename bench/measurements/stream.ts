// What a process holds while 3 GB pass through it, and while it reads more slowly than the server sends.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, race } from "../harness/race.ts";

export const stream: Measurement = {
  name: "stream",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      for (const [what, statement, ...args] of [
        ["3 GB streamed", "numeric 1720x62500 cycle=20"],
        ["280 MB, 20 ms a batch", "numeric 160x62500", "slow"],
      ] as const) {
        const job = { url: server.url, statement };
        const [one] = await race([nodeClient("flightsql", "stream.ts", ...args)], job, 1, 0);
        const { client, seconds, cpuSeconds, peakMegabytes, counts } = one!;
        const figure = { value: counts.beyondIdle!, means: "MB beyond idle", bar: { atMost: 200 } };
        rows.push({ what, client, seconds, cpuSeconds, peakMegabytes, figure });
        rows.push({ what, client, figure: { value: counts.firstBatchMs!, means: "ms to the first batch" } });
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
