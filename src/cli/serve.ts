import { totalmem } from "node:os";
import { parseArgs } from "node:util";
import { FlightSqlClient } from "../node.ts";
import { type Listening, listen } from "../server/index.ts";
import { openArrowFile } from "./arrow-file.ts";
import { type Command, UsageError } from "./command.ts";
import { keepSecret } from "./failure.ts";
import { outgrown, outgrownHelp } from "./outgrown.ts";
import { pageFolder } from "./page.ts";
import { hostOf, portOf, untilInterrupted } from "./process.ts";
import { sortFiles } from "./served-files.ts";
import { staticFiles } from "./static.ts";

export const command: Command = {
  usage: `flightsql serve [name=]file… [options]

Serves data files, or a DuckDB database, to Flight SQL clients on this machine: gRPC and gRPC-Web on one port. Each file
is a table, named after it (flights-3m.parquet is flights_3m) or as name= says. It needs npm install @duckdb/node-api.

  flightsql serve flights.parquet prices=2026.csv --page

  --port PORT        port (31337; 0 for any that is free)
  --database FILE    a DuckDB database file, made when it does not exist; in memory when left out
  --page             serves a page to explore the data with, on the same port
  --playground DIR   the same with a page of your own, in this folder
  --token TOKEN      asks callers for this bearer token; or set FLIGHTSQL_TOKEN, which other users cannot see
  --host ADDRESS     address to bind (127.0.0.1); any that other machines reach needs a token
  --origin URL       lets pages of this origin call, and not those of this machine; repeatable

Files: .parquet, .csv, .tsv, .json, .jsonl, .ndjson, .geojson (text also with .gz); .arrow, .arrows, .feather, .ipc
(Arrow files and streams); .duckdb, .ddb, .db (a database). Queries reach these and nothing else.

${outgrownHelp}`,

  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: "string", default: "31337" },
        database: { type: "string" },
        page: { type: "boolean" },
        playground: { type: "string" },
        token: { type: "string" },
        host: { type: "string", default: "127.0.0.1" },
        origin: { type: "string", multiple: true },
      },
    });
    const port = portOf(values.port);
    const token = values.token ?? process.env.FLIGHTSQL_TOKEN;
    keepSecret(token);
    if (token === "") throw new UsageError("the token is empty: leave it out to let everybody on this machine query");
    const host = hostOf(values.host, token);
    const page = values.playground ?? (values.page ? pageFolder() : undefined);
    const { database, files, arrow, weights } = sortFiles(positionals, values.database);
    const warning = outgrown(weights, totalmem());
    if (warning !== null) console.error(`flightsql serve: ${warning}`);

    const backend = await (await loadDuckDb()).duckdbBackend({ path: database, files });
    try {
      const server = await listen(backend, {
        port,
        host,
        ...(page !== undefined && { fallback: staticFiles(page) }),
        origins: values.origin,
        ...(token !== undefined && { tokens: [token] }),
      });
      try {
        await loadArrow(server, arrow, token);
        console.log(`flightsql server: ${grpcUrl(server)} (gRPC-Web: ${server.url})`);
        if (page !== undefined) console.log(`flightsql playground: ${server.url}/`);
        await untilInterrupted();
      } finally {
        await server.close();
      }
    } finally {
      await backend.close();
    }
  },
};

function grpcUrl({ url }: Listening): string {
  return url.replace("http:", "grpc:");
}

async function loadDuckDb(): Promise<typeof import("../server/duckdb.ts")> {
  try {
    return await import("../server/duckdb.ts");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND" || !String(cause).includes("@duckdb/"))
      throw cause;
    throw new Error("the server is DuckDB, which is not installed: npm install @duckdb/node-api", { cause });
  }
}

/** DuckDB itself reads no Arrow: these files come in as any client's would. */
async function loadArrow(
  server: Listening,
  files: readonly { readonly table: string; readonly path: string }[],
  token: string | undefined,
): Promise<void> {
  const client = new FlightSqlClient({ url: grpcUrl(server), token });
  try {
    for (const { table, path } of files) {
      const { schema, batches } = await openArrowFile(path);
      const first = await batches.next();
      if (first.done) await client.ingest(table, { schema, batches: [] });
      else await client.ingest(table, withFirst(first.value, batches));
    }
  } finally {
    await client.close();
  }
}

async function* withFirst<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}
