import { inject } from "vitest";
import "../support/provided.ts";
import { duckdb } from "./dialects.ts";
import { contract } from "./suite.ts";

const { grpc, web, bridge } = inject("embedded");
const isNode = typeof process !== "undefined" && process.versions?.node !== undefined;

const cannot = {
  savepoints: "DuckDB has none",
  "session options": "it takes only options that mean something to it",
};

for (const [name, url] of Object.entries({
  ...(isNode && { "native gRPC": grpc }),
  "gRPC-Web": web,
  "gRPC-Web through the bridge": bridge,
})) {
  contract({ name: `the embedded DuckDB, ${name}`, options: () => ({ url }), dialect: duckdb, cannot });
}
