// Mosaic's tables of partial sums, at a server of our own: they stay there until they are dropped.

import { Coordinator, clauseInterval, makeClient, Selection } from "@uwdata/mosaic-core";
import { count, Query, type ScaleOptions } from "@uwdata/mosaic-sql";
import { FlightSqlClient } from "flightsql";
import { expect, onTestFinished, test } from "vitest";
import { flightSqlConnector } from "../../src/mosaic/index.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";
import { flights } from "../support/reference.ts";

test("a brush is answered from the tables that Mosaic made for it", async () => {
  const backend = await duckdbBackend({ files: [`flights=${flights}`] });
  const server = await listen(backend);
  const client = new FlightSqlClient(server.url);
  onTestFinished(async () => {
    await client.close();
    await server.close(0);
    await backend.close();
  });
  const asked: string[] = [];
  const connector = flightSqlConnector(client);
  const query = ((request: Parameters<typeof connector.query>[0]) => {
    asked.push(request.sql);
    return connector.query(request);
  }) as typeof connector.query;
  const coordinator = new Coordinator({ query }, { logger: null, preagg: { schema: "sums" } });

  const brush = Selection.crossfilter();
  const answers: number[] = [];
  makeClient({
    coordinator,
    selection: brush,
    query: (filter) => Query.from("flights").select({ n: count() }).where(filter),
    queryResult: (data) => answers.push(Array.from(data as Iterable<{ n: number }>)[0]!.n),
  });
  await expect.poll(() => answers).toEqual([3_000_000]);

  // One pixel for each minute of delay, so that the pixels of the brush are its minutes.
  const scale: ScaleOptions = { type: "linear", domain: [-60, 180], range: [0, 240] };
  const source = { reset() {} };
  const interval = (value: [number, number]) =>
    clauseInterval("delay", value, { source, clients: new Set(), scale, pixelSize: 1 });
  brush.activate(interval([0, 1]));
  brush.update(interval([15, 90]));
  await expect.poll(() => answers.length).toBe(2);
  const [expected] = await client
    .query("SELECT count(*) AS n FROM flights WHERE delay BETWEEN 15 AND 90")
    .all<{ n: number }>({ int64: "number" });
  expect(answers[1]).toBe(expected?.n);
  expect(asked.at(-1)).toMatch(/FROM "sums"."preagg_/);

  await coordinator.preaggregator.dropSchema();
  await expect(client.executeUpdate("DROP SCHEMA sums")).rejects.toThrow("sums");
});
