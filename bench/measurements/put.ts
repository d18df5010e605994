// DoPut of 280 MB, which the server only counts, against pyarrow's.

import { startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement } from "../harness/measurement.ts";
import { nodeClient, pythonClient, race } from "../harness/race.ts";
import { compare } from "../harness/report.ts";

export const put: Measurement = {
  name: "put",
  async run() {
    const server = await startPyarrow();
    try {
      const [ours, cpp] = await race([nodeClient("flightsql", "put.ts"), pythonClient("pyarrow do_put", "put.py")], {
        url: server.url,
        statement: "numeric 160x62500",
      });
      return compare("DoPut of 280 MB", [ours!, cpp!], [{ other: cpp!, atLeast: 0.7 }]);
    } finally {
      await server.stop();
    }
  },
};
