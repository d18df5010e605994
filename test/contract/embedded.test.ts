import { inject } from "vitest";
import "../support/provided.ts";
import { duckdb } from "./dialects.ts";
import { scenarios } from "./scenarios/index.ts";
import { contract } from "./suite.ts";

const { grpc, web, bridge } = inject("embedded");
const isNode = typeof process !== "undefined" && process.versions?.node !== undefined;

/** Not built yet, by words of the scenarios' names. */
const missing = /parameter|prepare|executeMany|record batch|transaction|ingest|keys|XDBC|session/;
const cannot: Record<string, string> = { savepoints: "DuckDB has none" };
for (const name of Object.keys(scenarios))
  if (missing.test(name)) cannot[name] = "the embedded server has not got it yet";

for (const [name, url] of Object.entries({
  ...(isNode && { "native gRPC": grpc }),
  "gRPC-Web": web,
  "gRPC-Web through the bridge": bridge,
})) {
  contract({ name: `the embedded DuckDB, ${name}`, options: () => ({ url }), dialect: duckdb, cannot });
}
