import type { UserConfig } from "vite";

// For the Node service alone: by default it would load packages when it runs. DuckDB is native and has to.
const config: UserConfig = { ssr: { noExternal: true, external: ["@duckdb/node-api"] } };

export default config;
