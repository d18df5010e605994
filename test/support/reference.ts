import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Reference } from "./provided.ts";

/** 3,000,000 US flights. */
export const flights: string = fileURLToPath(
  new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url),
);

/** What DuckDB itself says of them. */
export async function askDuckDb(): Promise<Reference> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, sum(distance)::DOUBLE, sum(delay)::DOUBLE, min(origin), max(destination) FROM '${flights}'`,
  );
  const [rows, distance, delay, firstOrigin, lastDestination] = reader.getRows()[0] as [
    number,
    number,
    number,
    string,
    string,
  ];
  connection.closeSync();
  instance.closeSync();
  return { rows, distance, delay, firstOrigin, lastDestination };
}
