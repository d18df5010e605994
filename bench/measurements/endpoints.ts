// Eight endpoints whose server waits 20 ms before each batch, read side by side and one at a time.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, race } from "../harness/race.ts";
import { compare } from "../harness/report.ts";

export const endpoints: Measurement = {
  name: "endpoints",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      for (const { batches, order, what, rounds, warmups } of [
        { batches: 20, order: "endpoint", what: "table() in order", rounds: 5, warmups: 1 },
        // One at a time this takes nearly three minutes: once is enough.
        { batches: 1000, order: "arrival", what: 'order: "arrival"', rounds: 1, warmups: 0 },
      ]) {
        const [ours, single] = await race(
          [
            nodeClient("flightsql, 8 at once", "endpoints.ts", "8", order),
            nodeClient("flightsql, one at a time", "endpoints.ts", "1", order),
          ],
          { url: server.url, statement: `numeric ${8 * batches}x100 endpoints=8 delay=20` },
          rounds,
          warmups,
        );
        const name = `${what}, 8 × ${batches} batches`;
        rows.push(...compare(name, [ours!, single!], [{ other: single!, atLeast: 6 }]));
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
