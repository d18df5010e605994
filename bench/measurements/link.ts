// `table()` through a link with a round trip of 20 ms, against the C++ client through the same link.

import { startPyarrow } from "../../test/interop/servers.ts";
import { startLink } from "../harness/delay.ts";
import type { Measurement } from "../harness/measurement.ts";
import { nodeClient, pythonClient, race } from "../harness/race.ts";
import { compare } from "../harness/report.ts";

export const link: Measurement = {
  name: "link",
  async run() {
    const server = await startPyarrow();
    const delayed = await startLink(server.port, 20);
    try {
      const contenders = [
        nodeClient("flightsql", "flightsql.ts"),
        nodeClient("hand-written reader", "reader.ts"),
        pythonClient("flightsql-dbapi (C++)", "dbapi.py"),
      ];
      const job = { url: delayed.url, statement: "numeric 160x62500" };
      const [ours, reader, cpp] = await race(contenders, job, 5, 1);
      return compare(
        "280 MB numeric, 20 ms round trip",
        [ours!, reader!, cpp!],
        [{ other: reader! }, { other: cpp!, atLeast: 0.9 }],
      );
    } finally {
      await delayed.stop();
      await server.stop();
    }
  },
};
