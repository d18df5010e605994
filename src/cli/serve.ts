import { parseArgs } from "node:util";
import { duckdbBackend } from "../server/duckdb.ts";
import { listen } from "../server/index.ts";
import { portOf, untilInterrupted } from "./process.ts";
import { staticFiles } from "./static.ts";

export const serveUsage = `flightsql serve [name=]file… [options]

Serves data files, or a DuckDB database, to Flight SQL clients on this machine:
gRPC and gRPC-Web on one port.

  --port PORT        port (31337; 0 for any that is free)
  --database FILE    a DuckDB database file; in memory when left out
  --playground DIR   serves the page in this folder on the same port
  --token TOKEN      asks callers for this bearer token; or set FLIGHTSQL_TOKEN, which other users cannot see
  --origin URL       lets pages of this origin call, and not those of this machine; repeatable

Files: .parquet, .csv, .tsv, .json, .jsonl, .ndjson, .geojson. Queries reach these and nothing else.`;

export async function serve(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string", default: "31337" },
      database: { type: "string" },
      playground: { type: "string" },
      token: { type: "string" },
      origin: { type: "string", multiple: true },
    },
  });
  const port = portOf(values.port);
  const token = values.token ?? process.env.FLIGHTSQL_TOKEN;
  if (token === "") throw new TypeError("The token is empty: leave it out to let everybody on this machine query.");
  const backend = await duckdbBackend({ path: values.database, files: positionals });
  try {
    const server = await listen(backend, {
      port,
      ...(values.playground !== undefined && { fallback: staticFiles(values.playground) }),
      origins: values.origin,
      ...(token !== undefined && { tokens: [token] }),
    });
    console.log(`flightsql server: grpc://127.0.0.1:${server.port} (gRPC-Web: ${server.url})`);
    if (values.playground !== undefined) console.log(`flightsql playground: ${server.url}/`);
    await untilInterrupted();
    await server.close();
  } finally {
    await backend.close();
  }
}
