import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { dataFile } from "../../src/server/duckdb/files.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/listen.ts";
import { grpc, query, rows } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "flightsql-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What a query over these files gives. */
async function over(files: string[], sql: string): Promise<Record<string, unknown>[]> {
  const backend = await duckdbBackend({ files });
  const server = await listen(backend);
  try {
    return rows(await query(grpc(server.url), sql));
  } finally {
    await server.close(0);
    await backend.close();
  }
}

describe("a file", () => {
  it("has its name for a table, or the one it is given", () => {
    expect(dataFile("/a/flights-3m.parquet")).toEqual({
      name: "flights_3m",
      path: "/a/flights-3m.parquet",
      format: "parquet",
    });
    expect(dataFile("my weather.CSV.gz")).toEqual({
      name: "my_weather",
      path: resolve("my weather.CSV.gz"),
      format: "csv",
    });
    expect(dataFile("flights=/a/b=c.parquet")).toEqual({ name: "flights", path: "/a/b=c.parquet", format: "parquet" });
    expect(() => dataFile("x.xls")).toThrow(/no reader for "\.xls" files/);
  });

  it("that is not there is named", async () => {
    await expect(duckdbBackend({ files: [join(folder, "missing.csv")] })).rejects.toThrow(
      /missing\.csv cannot be served/,
    );
  });

  it("of CSV or TSV has typed columns", async () => {
    const csv = file("it's.csv", "a,b,c\n1,2024-01-02,x\n2,,y\n");
    expect(await over([csv], "SELECT a::INT AS a, b IS NULL AS n, typeof(b) AS t FROM it_s ORDER BY a")).toEqual([
      { a: 1, n: false, t: "DATE" },
      { a: 2, n: true, t: "DATE" },
    ]);
    const tsv = file("t.tsv.gz", gzipSync("a\tb\n1\tx,y\n"));
    expect(await over([tsv], "SELECT b FROM t")).toEqual([{ b: "x,y" }]);
  });

  it("of JSON has text where values are of several types", async () => {
    const json = file(
      "m.json",
      JSON.stringify([
        { title: "Up", n: 1 },
        { title: 300, n: 2 },
        { title: null, n: 3 },
      ]),
    );
    expect(await over([json], "SELECT title FROM m ORDER BY n")).toEqual([
      { title: "Up" },
      { title: "300" },
      { title: null },
    ]);
    const lines = file("l.ndjson", '{"a":{"b":[1,2]}}\n{"a":{"b":[3]}}\n');
    expect(await over([lines], "SELECT sum(len(a.b))::INT AS n FROM l")).toEqual([{ n: 3 }]);
  });

  it("of GeoJSON has a row a feature, its properties as columns and a point's place", async () => {
    const feature = (id: string, mag: number, coordinates: number[]) => ({
      type: "Feature",
      id,
      properties: { mag, type: "earthquake" },
      geometry: { type: "Point", coordinates },
    });
    const geo = file(
      "quakes.json",
      JSON.stringify({
        type: "FeatureCollection",
        features: [feature("a", 2.5, [-118.5, 34.25, 3.5]), feature("b", 4.5, [13.5, 52.5, 0])],
      }),
    );
    expect(await over([geo], "SELECT * FROM quakes ORDER BY id")).toEqual([
      { id: "a", mag: 2.5, type: "earthquake", longitude: -118.5, latitude: 34.25, altitude: 3.5 },
      { id: "b", mag: 4.5, type: "earthquake", longitude: 13.5, latitude: 52.5, altitude: 0 },
    ]);
  });
});

it("the example data of the playground makes usable tables", async () => {
  const data = resolve("node_modules/vega-datasets/data");
  const backend = await duckdbBackend({
    files: [
      `flights=${data}/flights-3m.parquet`,
      ...["weather.csv", "movies.json", "earthquakes.json"].map((name) => join(data, name)),
    ],
  });
  const server = await listen(backend);
  const client = grpc(server.url);
  const one = async (sql: string) => rows(await query(client, sql))[0];
  expect(await one("SELECT count(*)::INT AS n FROM flights")).toEqual({ n: 3_000_000 });
  expect(await one("SELECT max(temp_max) AS t FROM weather WHERE location = 'Seattle'")).toEqual({ t: 35.6 });
  expect(await one(`SELECT "Title" FROM movies WHERE "IMDB Rating" > 9.1`)).toEqual({ Title: "The Godfather" });
  expect(await one("SELECT count(*)::INT AS n, bool_and(abs(latitude) <= 90) AS ok FROM earthquakes")).toEqual({
    n: 1707,
    ok: true,
  });
  await server.close(0);
  await backend.close();
});
