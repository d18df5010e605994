// The built package's server over DuckDB in a process of its own: embedded.ts FILE. GET / answers its peak memory in
// megabytes.

import type { IncomingMessage, ServerResponse } from "node:http";
import { builtFile } from "../clients/ours.ts";

interface DuckDbModule {
  duckdbBackend(options: { files: string[] }): Promise<object>;
}
interface ServerModule {
  listen(
    backend: object,
    options: { fallback(request: IncomingMessage, response: ServerResponse): void },
  ): Promise<{ url: string }>;
}

const { duckdbBackend } = (await import(builtFile("server/duckdb.js").href)) as DuckDbModule;
const { listen } = (await import(builtFile("server/index.js").href)) as ServerModule;
const backend = await duckdbBackend({ files: [`flights=${process.argv[2]}`] });
const { url } = await listen(backend, {
  fallback: (_, response) => response.end(String(process.resourceUsage().maxRSS / 1000)),
});
console.log(`listening on ${url}`);
