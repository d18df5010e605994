import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlightSqlClient } from "flightsql";
import { test } from "vitest";
import { errorCodes, listFlights } from "../conformance/calls.ts";
import { type Platform, runScenario } from "../conformance/scenario.ts";
import { conformance } from "../conformance/suite.ts";
import { selfSigned } from "./certificate.ts";
import { saveProofs } from "./control.ts";
import { startPyarrow } from "./servers.ts";
import { startService } from "./start-service.ts";

const platform: Platform = { create: (options) => new FlightSqlClient(options), duplex: true };

const { proofs } = conformance({ ...platform, start: startService, save: (some) => saveProofs("node", some) });

test("over TLS", async () => {
  const tls = selfSigned();
  const server = await startPyarrow({ tls });
  const trusting: Platform = {
    ...platform,
    create: (options) => new FlightSqlClient({ ...options, tls: { ca: tls.cert } }),
  };
  try {
    for (const scenario of [listFlights, errorCodes]) await runScenario(scenario, server.url, trusting);
    proofs.add("grpc+tls");
  } finally {
    await server.stop();
  }
});

test("over a domain socket", async () => {
  const server = await startPyarrow();
  const folder = await mkdtemp(join(tmpdir(), "flightsql-"));
  const path = join(folder, "socket");
  // What comes through the socket goes to the server's port, byte for byte.
  const relay = createServer((socket) => {
    const upstream = connect(server.port, "127.0.0.1");
    socket.pipe(upstream).pipe(socket);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(path, resolve));
  try {
    for (const scenario of [listFlights, errorCodes]) await runScenario(scenario, `grpc+unix://${path}`, platform);
    proofs.add("grpc+unix");
  } finally {
    relay.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
});
