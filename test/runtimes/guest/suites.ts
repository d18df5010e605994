/// <reference types="vite/types/importMeta.d.ts" />

import { FlightSqlClient } from "flightsql";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { duckdb } from "../../contract/dialects.ts";
import { describeInflux } from "../../contract/influx.ts";
import { contract } from "../../contract/suite.ts";
import { pyarrowSuite } from "../../interop/pyarrow-suite.ts";
import type { Service, ServiceRequest } from "../../interop/service.ts";
import { sqliteTarget } from "../../interop/sqlite-target.ts";
import "../../support/provided.ts";
import { startRemotely } from "./control.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Whether this runtime has the sockets that our native transport needs. */
    native: boolean;
  }
}

const create = (options: ConstructorParameters<typeof FlightSqlClient>[0]): FlightSqlClient =>
  new FlightSqlClient(options);
const behindEnvoy = (request: ServiceRequest): Promise<Service> => startRemotely({ ...request, via: "envoy" });

function sqlite(name: string, start: typeof startRemotely): void {
  let service: Service;
  beforeAll(async () => {
    service = await start({ server: "sqlite" });
  });
  afterAll(() => service?.stop());
  contract(sqliteTarget(name, () => ({ url: service.url })));
}

/** The look-alike of InfluxDB 3 behind TLS, with a certificate of its own. */
function overTls(): void {
  let service: Service;
  beforeAll(async () => {
    service = await startRemotely({ server: "influx", tls: true });
  });
  afterAll(() => service?.stop());
  describe("a server like InfluxDB 3, native gRPC over TLS", () => {
    describeInflux(() => ({ url: service.url.replace("https:", "grpc+tls:"), tls: { ca: service.ca! } }));
  });
}

/** The embedded server and its 3,000,000 flights. */
function embedded(way: "native gRPC" | "gRPC-Web", url: string): void {
  contract({
    name: `the embedded DuckDB, ${way}`,
    options: () => ({ url }),
    dialect: duckdb,
    cannot: {
      savepoints: "DuckDB has none",
      "session options": "it takes only options that mean something to it",
    },
  });
  test(`3,000,000 flights, ${way}`, async () => {
    const client = new FlightSqlClient(url);
    const seen = { rows: 0, distance: 0, delay: 0 };
    for await (const batch of client.query("SELECT distance, delay, origin FROM flights")) {
      seen.rows += batch.numRows;
      for (const value of batch.getChild("distance")!) seen.distance += Number(value);
      for (const value of batch.getChild("delay")!) seen.delay += Number(value);
    }
    const { rows, distance, delay } = inject("reference");
    expect(seen).toEqual({ rows, distance, delay });
    await client.close();
  });
}

type Suite = () => unknown;
export type Suites = Readonly<Record<string, Suite>>;

// What needs no server but one in the runtime itself: each file as it is.
const scripted = Object.entries(
  import.meta.glob(["../../contract/*.test.ts", "!**/*.node.test.ts", "!**/{embedded,flights}.test.ts"]),
).map(([path, load]): [string, Suite] => [`no socket: ${/(\w+)\.test\.ts$/.exec(path)?.[1]}`, load]);

const native: readonly [string, Suite][] = [
  ["native gRPC: embedded", () => embedded("native gRPC", inject("embedded").grpc)],
  ["native gRPC: TLS", overTls],
  ["native gRPC: sqlite", () => sqlite("arrow-go's sqlite", startRemotely)],
  [
    "native gRPC: pyarrow",
    () => describe("pyarrow", () => pyarrowSuite({ start: startRemotely, create, duplex: true })),
  ],
];

/** What is run, as `WAY: name`. */
export const suites: Suites = Object.fromEntries([
  ...(inject("native") ? native : []),
  ["gRPC-Web: embedded", () => embedded("gRPC-Web", inject("embedded").web)],
  ["gRPC-Web through Envoy: sqlite", () => sqlite("arrow-go's sqlite through Envoy", behindEnvoy)],
  [
    "gRPC-Web through Envoy: pyarrow",
    () => describe("pyarrow through Envoy", () => pyarrowSuite({ start: behindEnvoy, create, duplex: false })),
  ],
  ...scripted,
]);
