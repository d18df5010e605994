import type { RecordBatch } from "apache-arrow";
import { tableFromIPC } from "apache-arrow";
import { FlightSqlClient } from "flightsql";
import { describe, expect, inject, test } from "vitest";
import "../support/provided.ts";

// 3,000,000 real rows, by every way there is to read them, against what DuckDB itself says of the file.

const reference = inject("reference");

interface Flight {
  date: Date;
  delay: bigint;
  distance: bigint;
  origin: string;
  destination: string;
}

interface Sums {
  rows: number;
  distance: number;
  delay: number;
  firstOrigin: string;
  lastDestination: string;
}

function start(): Sums {
  return { rows: 0, distance: 0, delay: 0, firstOrigin: "\uffff", lastDestination: "" };
}

function add(sums: Sums, delay: unknown, distance: unknown, origin: unknown, destination: unknown): void {
  sums.rows++;
  sums.delay += Number(delay);
  sums.distance += Number(distance);
  if ((origin as string) < sums.firstOrigin) sums.firstOrigin = origin as string;
  if ((destination as string) > sums.lastDestination) sums.lastDestination = destination as string;
}

function sumBatches(batches: readonly RecordBatch[]): Sums {
  const sums = start();
  for (const batch of batches) {
    const [delay, distance, origin, destination] = ["delay", "distance", "origin", "destination"].map(
      (n) => batch.getChild(n)!,
    );
    for (let i = 0; i < batch.numRows; i++)
      add(sums, delay!.get(i), distance!.get(i), origin!.get(i), destination!.get(i));
  }
  return sums;
}

/** Reads the flights that a server at `url` has, in every way there is. */
export function describeFlights(name: string, url: string): void {
  describe(`3,000,000 flights over ${name}`, { timeout: 120_000 }, () => {
    const connect = (): FlightSqlClient => new FlightSqlClient(url);

    test("counted and summed by the server", async () => {
      const client = connect();
      const [row] = await client
        .query("SELECT count(*) AS rows, sum(distance)::DOUBLE AS distance, sum(delay)::DOUBLE AS delay FROM flights")
        .all<{ rows: bigint; distance: number; delay: number }>();
      expect(row).toEqual({ rows: BigInt(reference.rows), distance: reference.distance, delay: reference.delay });
      expect(reference.rows).toBe(3_000_000);
      await client.close();
    });

    test("as a table", async () => {
      const client = connect();
      const table = await client.query("SELECT * FROM flights").table();
      expect(sumBatches(table.batches)).toEqual(reference);
      await client.close();
    });

    test("as rows, batch by batch", async () => {
      const client = connect();
      const sums = start();
      for await (const rows of client.query("SELECT * FROM flights").rowBatches<Flight>()) {
        for (const { delay, distance, origin, destination } of rows) add(sums, delay, distance, origin, destination);
      }
      expect(sums).toEqual(reference);
      await client.close();
    });

    test("as an IPC stream that apache-arrow reads", async () => {
      const client = connect();
      const table = tableFromIPC(
        new Uint8Array(await new Response(client.query("SELECT * FROM flights").ipc()).arrayBuffer()),
      );
      expect(sumBatches(table.batches)).toEqual(reference);
      await client.close();
    });

    test("in two steps, and progress that ends where the result does", async () => {
      const client = connect();
      const info = await client.execute("SELECT delay, distance, origin, destination FROM flights");
      expect(info.schema?.names).toEqual(["delay", "distance", "origin", "destination"]);
      const table = await client.doGet(info.endpoints[0]!).readAll();
      expect(sumBatches(table.batches)).toEqual(reference);
      let rows = 0;
      await client.query("SELECT origin FROM flights", undefined, { onProgress: (p) => (rows = p.rows) }).table();
      expect(rows).toBe(reference.rows);
      await client.close();
    });
  });
}
