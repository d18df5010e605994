// How often a byte of a result is copied between node's read buffer and the Arrow buffer it is used in.

import { startPyarrow } from "../../test/interop/servers.ts";
import { isBuilt } from "../clients/ours.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, race } from "../harness/race.ts";

const reader = nodeClient("hand-written reader", "copies.ts", "reader");
const ours = nodeClient("flightsql", "copies.ts", "flightsql");

export const copies: Measurement = {
  name: "copies",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      for (const statement of ["numeric 32x62500", "mixed 32x62500"]) {
        const contenders = isBuilt() ? [reader, ours] : [reader];
        for (const { client, counts } of await race(contenders, { url: server.url, statement }, 1, 1)) {
          const row = (value: number, means: string, atMost: number): Row => ({
            what: statement,
            client,
            figure: { value, means, bar: { atMost } },
          });
          // Envelopes, headers and padding are a few bytes of each message.
          rows.push(row(counts.copies!, "copies of a byte", 1.01), row(counts.kept!, "bytes kept for each", 1.01));
        }
        if (!isBuilt()) rows.push({ what: statement, client: ours.name, note: "not built: run `npm run build`" });
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};
