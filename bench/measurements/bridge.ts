// A DoGet through this package's bridge and through Envoy, read by the same client.

import { startEnvoy, startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement } from "../harness/measurement.ts";
import { startOwn } from "../harness/own.ts";
import { nodeClient, race } from "../harness/race.ts";
import { compare } from "../harness/report.ts";

export const bridge: Measurement = {
  name: "bridge",
  async run() {
    const server = await startPyarrow();
    const envoy = await startEnvoy({ upstreamPort: server.port });
    const own = await startOwn("bridge.ts", server.url);
    try {
      const contenders = [
        { ...nodeClient("through our bridge", "web-reader.ts"), url: `http://127.0.0.1:${own.port}` },
        { ...nodeClient("through Envoy", "web-reader.ts"), url: envoy.url },
      ];
      const [ours, theirs] = await race(contenders, { url: "", statement: "numeric 160x62500" });
      return compare("DoGet of 280 MB by gRPC-Web", [ours!, theirs!], [{ other: theirs!, atLeast: 0.8 }]);
    } finally {
      await own.stop();
      await envoy.stop();
      await server.stop();
    }
  },
};
