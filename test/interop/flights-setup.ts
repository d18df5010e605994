import type { TestProject } from "vitest/node";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";
import { askDuckDb, flights } from "../support/reference.ts";
import { startEnvoy } from "./servers.ts";

/** The embedded server with the flights, behind Envoy. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const backend = await duckdbBackend({ files: [`flights=${flights}`] });
  const server = await listen(backend);
  const envoy = await startEnvoy({ upstreamPort: server.port });
  provide("envoy", envoy.url);
  provide("reference", await askDuckDb());
  return async () => {
    await envoy.stop();
    await server.close(0);
    await backend.close();
  };
}
