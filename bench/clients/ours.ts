// The built package, loaded by path when it is there: the benchmark's other clients run without it.
// BENCH_DIST names another folder than ../dist, to compare builds.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.env.BENCH_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));
const built = builtFile("node.js");

/** Where a file of the built package is. */
export function builtFile(path: string): URL {
  return pathToFileURL(resolve(folder, path));
}

/** What the benchmarks use of a FlightSqlClient. */
export interface Client {
  query(sql: string): Result;
  prepare(sql: string): Promise<{ query(params: readonly unknown[]): Result; close(): Promise<void> }>;
  readonly flight: {
    doPut(descriptor: { path: string[] }, batches: readonly Batch[]): AsyncIterable<Uint8Array>;
  };
  close(): Promise<void>;
}

/** What they use of a QueryResult. */
export interface Result extends AsyncIterable<Batch> {
  table(): Promise<Table>;
  all(): Promise<object[]>;
  rows(): AsyncIterable<object>;
  rowBatches(): AsyncIterable<object[]>;
}

/** And of its options. */
export interface Options {
  endpoints?: { parallelism: number; order: "endpoint" | "arrival" };
}

/** What they use of an apache-arrow Table. */
export interface Table {
  readonly numRows: number;
  readonly data: readonly Data[];
  readonly batches: readonly Batch[];
}

export interface Batch extends Iterable<Readonly<Record<string, unknown>>> {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly numRows: number;
  readonly data: Data;
}

export interface Data {
  readonly byteLength: number;
  readonly children: readonly Data[];
  readonly buffers: ArrayLike<Uint8Array | undefined>;
  readonly dictionary?: { readonly data: readonly Data[]; toArray(): ArrayLike<unknown> };
  readonly values: ArrayBufferView;
  readonly valueOffsets: Int32Array;
  readonly nullBitmap: Uint8Array;
}

/** Whether `npm run build` was run. */
export const isBuilt = (): boolean => existsSync(built);

interface Package {
  FlightSqlClient: new (options: { url: string } & Options) => Client;
}

export async function loadPackage(): Promise<Package> {
  return (await import(built.href)) as Package;
}

export async function openClient(url: string, options: Options = {}): Promise<Client> {
  const { FlightSqlClient } = await loadPackage();
  return new FlightSqlClient({ url, ...options });
}
