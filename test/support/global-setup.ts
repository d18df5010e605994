import type { TestProject } from "vitest/node";
import { bridge } from "../../src/bridge/index.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";
import { startWebServer } from "../faults/web-server.ts";
import { askDuckDb, flights } from "./reference.ts";

/** Starts the embedded server and a bridge to it, and asks DuckDB itself what the answers have to be. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const backend = await duckdbBackend({ files: [`flights=${flights}`] });
  const server = await listen(backend);
  const grpc = `grpc://127.0.0.1:${server.port}`;
  const bridged = await bridge({ upstream: grpc });
  provide("embedded", { grpc, web: server.url, bridge: bridged.url });
  provide("reference", await askDuckDb());
  const faults = await startWebServer();
  provide("faults", faults.url);
  return async () => {
    await faults.close();
    await bridged.close();
    await server.close(0);
    await backend.close();
  };
}
