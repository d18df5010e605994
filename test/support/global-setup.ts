import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import type { TestProject } from "vitest/node";
import { bridge } from "../../src/bridge/index.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";
import type { Reference } from "./provided.ts";

const flights = fileURLToPath(new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));

/** Starts the embedded server and a bridge to it, and asks DuckDB itself what the answers have to be. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const backend = await duckdbBackend({ files: [`flights=${flights}`] });
  const server = await listen(backend);
  const grpc = `grpc://127.0.0.1:${server.port}`;
  const bridged = await bridge({ upstream: grpc });
  provide("embedded", { grpc, web: server.url, bridge: bridged.url });
  provide("reference", await askDuckDb());
  return async () => {
    await bridged.close();
    await server.close(0);
    await backend.close();
  };
}

async function askDuckDb(): Promise<Reference> {
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
