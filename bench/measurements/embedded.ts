// Three million rows from the embedded DuckDB server, over gRPC, against DuckDB's own fetch of the same chunks in a process.

import { fileURLToPath } from "node:url";
import type { Measurement } from "../harness/measurement.ts";
import { startOwn } from "../harness/own.ts";
import { nodeClient, race } from "../harness/race.ts";
import { compare } from "../harness/report.ts";

const flights = fileURLToPath(new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));

export const embedded: Measurement = {
  name: "embedded",
  async run() {
    const server = await startOwn("embedded.ts", flights);
    const peak = async (): Promise<number> => Number(await (await fetch(`http://127.0.0.1:${server.port}/`)).text());
    try {
      const what = "3M flights, SELECT *";
      const idle = await peak();
      const [ours, own] = await race(
        [
          nodeClient("flightsql, embedded server", "flightsql.ts"),
          nodeClient("DuckDB's own fetch", "duckdb.ts", flights),
        ],
        { url: `grpc://127.0.0.1:${server.port}`, statement: "SELECT * FROM flights" },
        5,
        1,
      );
      const means = `MB the server's peak, ${idle.toFixed(0)} before the first query`;
      return [
        ...compare(what, [ours!, own!], [{ other: own!, atLeast: 0.5 }]),
        { what, client: "embedded server", figure: { value: await peak(), means } },
      ];
    } finally {
      await server.stop();
    }
  },
};
