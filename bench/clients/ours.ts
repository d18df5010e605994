// The built package, loaded by path when it is there: the benchmark's other clients run without it.
// BENCH_DIST names another folder than ../dist, to compare builds.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.env.BENCH_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));
const built = pathToFileURL(resolve(folder, "node.js"));

/** What the benchmarks use of a FlightSqlClient. */
export interface Client {
  query(sql: string): { table(): Promise<Table> } & AsyncIterable<Batch>;
  readonly flight: {
    doPut(descriptor: { path: string[] }, batches: readonly Batch[]): AsyncIterable<Uint8Array>;
  };
  close(): Promise<void>;
}

/** What they use of an apache-arrow Table. */
export interface Table {
  readonly numRows: number;
  readonly data: readonly Data[];
  readonly batches: readonly Batch[];
}

export interface Batch {
  readonly numRows: number;
  readonly data: Data;
}

export interface Data {
  readonly byteLength: number;
  readonly children: readonly Data[];
  readonly buffers: ArrayLike<Uint8Array | undefined>;
  readonly dictionary?: { readonly data: readonly Data[] };
}

/** Whether `npm run build` was run. */
export const isBuilt = (): boolean => existsSync(built);

interface Package {
  FlightSqlClient: new (options: { url: string }) => Client;
}

export async function loadPackage(): Promise<Package> {
  return (await import(built.href)) as Package;
}

export async function openClient(url: string): Promise<Client> {
  const { FlightSqlClient } = await loadPackage();
  return new FlightSqlClient({ url });
}
