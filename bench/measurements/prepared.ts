// A prepared statement of arrow-go's SQLite server, bound 1,000 times, against the HTTP/2 calls that this comes down to.

import { startSqlite } from "../../test/interop/servers.ts";
import type { Measurement } from "../harness/measurement.ts";
import { nodeClient, race, speedRatio } from "../harness/race.ts";

export const prepared: Measurement = {
  name: "prepared",
  async run() {
    const server = await startSqlite();
    try {
      const what = "prepared, bound 1,000 times";
      const [ours, raw] = await race(
        [nodeClient("flightsql", "prepared.ts", "flightsql"), nodeClient("raw HTTP/2 calls", "prepared.ts", "raw")],
        { url: server.url, statement: "SELECT id, keyName, value FROM intTable WHERE id = ?" },
        7,
        2,
      );
      const figure = { value: speedRatio(ours!, raw!), means: "× raw", bar: { atLeast: 0.6 } };
      return [
        ...[ours!, raw!].map(({ client, seconds, cpuSeconds, peakMegabytes }) => {
          return { what, client, seconds, cpuSeconds, peakMegabytes };
        }),
        { what, client: ours!.client, figure },
      ];
    } finally {
      await server.stop();
    }
  },
};
