// `table()` in Chromium through Envoy, against a fetch of the same bytes, and what the page feels meanwhile.

import { startEnvoy, startPyarrow } from "../../test/interop/servers.ts";
import type { Measurement, Row } from "../harness/measurement.ts";
import { nodeClient, race, type Standing, speedRatio } from "../harness/race.ts";

export const browser: Measurement = {
  name: "browser",
  async run() {
    const server = await startPyarrow();
    const envoy = await startEnvoy({ upstreamPort: server.port, tls: true });
    try {
      const rows: Row[] = [];
      for (const [how, url] of [
        ["HTTP/1.1", envoy.url],
        ["TLS, HTTP/2", envoy.tlsUrl!],
      ] as const) {
        const [ours, raw] = await race(
          [
            nodeClient("flightsql", "browser.ts", "flightsql"),
            nodeClient("fetch, body only read", "browser.ts", "fetch"),
          ],
          { url, statement: "numeric 80x62500" },
          7,
        );
        rows.push(...rank(`140 MB in Chromium, ${how}`, ours!, raw!));
      }
      return rows;
    } finally {
      await envoy.stop();
      await server.stop();
    }
  },
};

// No CPU seconds and no memory: the process that is measured is the one that drives the browser.
function rank(what: string, ours: Standing, raw: Standing): Row[] {
  const figure = { value: speedRatio(ours, raw), means: `× ${raw.client}`, bar: { atLeast: 0.9 } };
  return [
    ...[ours, raw].flatMap(({ client, seconds, medians }): Row[] => [
      { what, client, seconds, megabytesPerSecond: ours.counts.bytes / 1e6 / seconds },
      { what, client, figure: { value: medians.longestTaskMs!, means: "ms the longest task (0: none of 50 ms)" } },
      { what, client, figure: { value: medians.longestGapMs!, means: "ms the longest a timer waited" } },
    ]),
    { what, client: ours.client, figure },
  ];
}
