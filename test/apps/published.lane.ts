// What publint, arethetypeswrong and the compilers of consumers say of the archive that is published: npm run apps.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { bin, home, run } from "./home.ts";
import type {} from "./packed-setup.ts";

test("publint finds nothing", async () => {
  expect(await run(bin("publint"), ["run", inject("packed"), "--strict"], home)).toContain("All good!");
});

test("the types of each entry point are found, by every resolution that knows ESM", async () => {
  // It ends with an exit code when one is not.
  expect(await run(bin("attw"), [inject("packed"), "--profile", "esm-only"], home)).toContain("flightsql/dbapi");
});

test("the command is installed", async () => {
  expect(await run(bin("flightsql"), ["--help"], home)).toContain("flightsql serve");
});

const page = `
import { type FlightEndpoint, FlightSqlClient, FlightSqlError, type QueryResult, SqlInfo } from "flightsql";
import { FlightSqlClient as Web } from "flightsql/web";
import type { RecordBatch, Table } from "apache-arrow";

const client: FlightSqlClient = new Web({ url: "https://flight.example.com", token: async () => "token" });
const result: QueryResult = client.query("SELECT 1 AS n", [1n, null], { signal: AbortSignal.timeout(1000) });
const table: Table = await result.table();
for await (const batch of result) console.log((batch satisfies RecordBatch).numRows, table.numRows);
const rows: { n: bigint }[] = await client.query("SELECT 1 AS n").all<{ n: bigint }>();
// @ts-expect-error: int64 is a bigint unless the caller says otherwise
const wrong: { n: number }[] = await client.query("SELECT 1 AS n").all<{ n: bigint }>();
const endpoint: FlightEndpoint | undefined = (await client.execute("SELECT 1")).endpoints[0];
console.log(rows, wrong, endpoint, SqlInfo.FLIGHT_SQL_SERVER_NAME, (new Error() as FlightSqlError).code);
`;

const service = `
import { FlightSqlClient } from "flightsql";
import { FlightSqlClient as NodeClient } from "flightsql/node";
import { type Bridge, bridge } from "flightsql/bridge";
import { connect, type Connection } from "flightsql/dbapi";
import { FlightSqlDialect } from "flightsql/kysely";
import { type Backend, type Listening, listen } from "flightsql/server";
import { duckdbBackend } from "flightsql/server/duckdb";
import { Kysely } from "kysely";

const backend: Backend = await duckdbBackend({ files: ["a.parquet"] });
const server: Listening = await listen(backend, { port: 0 });
const bridged: Bridge = await bridge({ upstream: \`grpc://127.0.0.1:\${server.port}\` });
const client: FlightSqlClient = new NodeClient({ url: bridged.url, tls: { ca: Buffer.from("") } });
const connection: Connection = connect(client);
const db = new Kysely<{ person: { id: bigint } }>({ dialect: new FlightSqlDialect({ client, quote: '"' }) });
const rows: { id: bigint }[] = await db.selectFrom("person").selectAll().execute();
console.log(connection.autocommit, rows);
`;

// The strictest that a consumer may set; declarations of packages are compiled too.
const strict = {
  target: "es2022",
  strict: true,
  skipLibCheck: false,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  noEmit: true,
};
const consumers = {
  "a page": { source: page, compilerOptions: { lib: ["es2022", "dom", "dom.iterable"], types: [] } },
  "a Node service": { source: service, compilerOptions: { lib: ["es2023", "dom"], types: ["node"] } },
  // Connect's declarations name types of the DOM.
  "a Node service without the DOM's types": {
    source: service,
    compilerOptions: { lib: ["es2023"], types: ["node"], skipLibCheck: true },
  },
};
const node16 = { module: "node16", moduleResolution: "node16" };
const nodenext = { module: "nodenext", moduleResolution: "nodenext" };
const bundler = { module: "preserve", moduleResolution: "bundler" };
// The older compiler takes its time, and its node16 is its nodenext.
const compilers = { typescript: [node16, nodenext, bundler], "typescript-5": [nodenext, bundler] };

for (const [name, { source, compilerOptions }] of Object.entries(consumers)) {
  for (const [compiler, resolutions] of Object.entries(compilers)) {
    for (const resolution of resolutions) {
      test(`${name} compiles with ${compiler}, ${resolution.moduleResolution}`, async () => {
        const folder = join(home, "consumer");
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
        writeFileSync(join(folder, "consumer.ts"), source);
        const config = { compilerOptions: { ...strict, ...compilerOptions, ...resolution }, files: ["consumer.ts"] };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
        const tsc = join(home, "node_modules", compiler, "bin/tsc");
        expect(await run(process.execPath, [tsc, "-p", folder], folder)).toBe("");
      });
    }
  }
}
