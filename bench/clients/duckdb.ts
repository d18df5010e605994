// DuckDB's own way to a result on Node: its chunks, fetched as they come and not looked into. Argument: the data file.

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { serveJobs } from "../harness/client.ts";

let connection: DuckDBConnection | undefined;

async function open(file: string): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create();
  const opened = await instance.connect();
  await opened.run(`CREATE VIEW flights AS FROM read_parquet('${file.replaceAll("'", "''")}')`);
  return opened;
}

await serveJobs(
  async ({ statement }) => {
    connection ??= await open(process.argv[2]!);
    const result = await connection.stream(statement);
    let rows = 0;
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk())
      rows += chunk.rowCount;
    return { bytes: 0, rows };
  },
  async () => connection?.closeSync(),
);
