// `table()` of a whole result against a hand-written reader of the same bytes, the C++ client and GizmoSQL's.

import { startPyarrow } from "../../test/interop/servers.ts";
import { isBuilt } from "../clients/ours.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, pythonClient, race, type Standing, speedRatio } from "../harness/race.ts";

const results = [
  { what: "280 MB numeric", statement: "numeric 160x62500" },
  { what: "126 MB mixed", statement: "mixed 47x62500" },
];
const ours = nodeClient("flightsql", "flightsql.ts");
const floor = nodeClient("hand-written reader", "reader.ts");
const loaded = nodeClient("reader, package loaded", "reader.ts", "loaded");
const peer = nodeClient("gizmosql-client", "gizmosql.ts");
const native = pythonClient("flightsql-dbapi (C++)", "dbapi.py");

export const table: Measurement = {
  name: "table",
  async run() {
    const server = await startPyarrow();
    try {
      const rows: Row[] = [];
      for (const { what, statement } of results) {
        const contenders = isBuilt() ? [ours, floor, loaded, native, peer] : [floor, native];
        rows.push(...rank(what, await race(contenders, { url: server.url, statement })));
      }
      return rows;
    } finally {
      await server.stop();
    }
  },
};

function rank(what: string, standings: readonly Standing[]): Row[] {
  const find = (name: string): Standing | undefined => standings.find(({ client }) => client === name);
  const own = find(ours.name);
  const reader = find(floor.name)!;
  const cpp = find(native.name)!;
  const rows: Row[] = standings.map((standing) => ({
    what,
    client: standing.client,
    // Everybody is measured by the same bytes: those of the Arrow buffers.
    megabytesPerSecond: cpp.counts.bytes / 1e6 / standing.seconds,
    seconds: standing.seconds,
    cpuSeconds: standing.cpuSeconds,
    peakMegabytes: standing.peakMegabytes,
  }));
  const floorRatio = speedRatio(reader, cpp);
  rows.push({ what, client: floor.name, figure: { value: floorRatio, means: "× flightsql-dbapi" } });
  if (own === undefined) {
    rows.push({ what, client: ours.name, note: "not built: run `npm run build`" });
    return rows;
  }
  const against = (other: Standing, means: string, atLeast?: number): Row => {
    const value = speedRatio(own, other);
    return { what, client: ours.name, figure: { value, means, ...(atLeast !== undefined && { bar: { atLeast } }) } };
  };
  // The C++ client is a bar only where the floor itself comes near it.
  rows.push(
    against(reader, "× the reader", 0.95),
    against(find(loaded.name)!, "× the reader with the package loaded"),
    against(cpp, "× flightsql-dbapi", floorRatio >= 0.8 ? 0.75 : undefined),
    against(find(peer.name)!, "× gizmosql-client", 5),
  );
  return rows;
}
