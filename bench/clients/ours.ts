// The built package, loaded by path when it is there: the benchmark's other clients run without it.

import { existsSync } from "node:fs";

const built = new URL("../../dist/node.js", import.meta.url);

/** What the benchmarks use of a FlightSqlClient. */
export interface Client {
  query(sql: string): { table(): Promise<Table> };
  close(): Promise<void>;
}

/** What they use of an apache-arrow Table. */
export interface Table {
  readonly numRows: number;
  readonly data: readonly Data[];
}

export interface Data {
  readonly byteLength: number;
  readonly children: readonly Data[];
  readonly buffers: ArrayLike<Uint8Array | undefined>;
  readonly dictionary?: { readonly data: readonly Data[] };
}

/** Whether `npm run build` was run. */
export const isBuilt = (): boolean => existsSync(built);

export async function openClient(url: string): Promise<Client> {
  const { FlightSqlClient } = (await import(built.href)) as {
    FlightSqlClient: new (options: { url: string }) => Client;
  };
  return new FlightSqlClient({ url });
}
