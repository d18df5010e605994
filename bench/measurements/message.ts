// One message of 256 MB against messages of 0.5 MB: time must be linear in their size.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement } from "../harness/measurement.ts";
import { nodeClient, race } from "../harness/race.ts";
import { compare } from "../harness/report.ts";

export const message: Measurement = {
  name: "message",
  async run() {
    const server = await startPyarrow();
    try {
      const [one, many] = await race(
        [
          { ...nodeClient("flightsql, one of 256 MB", "flightsql.ts"), statement: "message mb=256" },
          { ...nodeClient("flightsql, 512 of 0.5 MB", "flightsql.ts"), statement: "numeric 512x17857" },
        ],
        { url: server.url, statement: "" },
      );
      return compare("256 MB", [one!, many!], [{ other: many!, atLeast: 0.9 }]);
    } finally {
      await server.stop();
    }
  },
};
