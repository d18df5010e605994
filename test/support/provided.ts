/** What the global set-up of the tests starts once and hands to every test file, whichever platform runs it. */
export interface Embedded {
  /** Native gRPC: `grpc://127.0.0.1:PORT`. */
  grpc: string;
  /** gRPC-Web on the same port: `http://127.0.0.1:PORT`. */
  web: string;
  /** gRPC-Web through the bridge. */
  bridge: string;
}

/** What DuckDB itself says of the 3,000,000 flights. */
export interface Reference {
  rows: number;
  distance: number;
  delay: number;
  firstOrigin: string;
  lastDestination: string;
}

declare module "vitest" {
  interface ProvidedContext {
    embedded: Embedded;
    reference: Reference;
    /** The server of test/faults that misbehaves as it is told, over gRPC-Web. */
    faults: string;
    /** gRPC-Web through Envoy to the embedded server; in the interop lane only. */
    envoy: string;
  }
}
