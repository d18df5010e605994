// Every public name of `flightsql/kysely`, one by one: an addition here is an addition to the API.

export { FlightSqlAdapter, type FlightSqlAdapterOptions } from "./adapter.ts";
export { type CompilerOptions, FlightSqlQueryCompiler } from "./compiler.ts";
export { FlightSqlDialect, type FlightSqlDialectConfig } from "./dialect.ts";
export type { FlightSqlIntrospector } from "./introspector.ts";
export type { ForeignKey, TableKeys } from "./keys.ts";
