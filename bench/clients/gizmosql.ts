// GizmoSQL's client for Node, the fastest of JavaScript's others that take a result whole.

import { serveJobs } from "../harness/client.ts";

/** What is used of it: only the benchmark installs it, and the project's types are checked without. */
interface GizmoClient {
  execute(query: string): Promise<{ readonly data: readonly { readonly byteLength: number }[] }>;
}
interface GizmoPackage {
  FlightSQLClient: new (config: { host: string; port: number; plaintext: boolean }) => GizmoClient;
}
const gizmoPackage: string = "@gizmodata/gizmosql-client";
const { FlightSQLClient } = (await import(gizmoPackage)) as GizmoPackage;

let client: GizmoClient | undefined;
await serveJobs(
  async ({ url, statement }) => {
    const { hostname, port } = new URL(url.replace(/^grpc:/, "http:"));
    client ??= new FlightSQLClient({ host: hostname, port: Number(port), plaintext: true });
    const table = await client.execute(statement);
    return { bytes: table.data.reduce((sum, { byteLength }) => sum + byteLength, 0) };
  },
  // Its close() wants to end a session that there is none of, and complains. The race ends the process.
  () => {},
);
