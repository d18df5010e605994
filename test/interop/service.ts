import type { IntegrationScenario, PyarrowOptions, RoapiOptions } from "./servers.ts";

/** A server that a test wants, in words that also travel from a browser to the process that can start it. */
export type ServiceRequest = (
  | { readonly server: "integration"; readonly scenario: IntegrationScenario }
  | { readonly server: "sqlite" }
  | { readonly server: "pyarrow"; readonly options?: PyarrowOptions }
  | { readonly server: "roapi"; readonly options: RoapiOptions }
  | { readonly server: "sail" }
  /** Ours, and gRPC-Web by itself: the look-alike of InfluxDB 3. */
  | { readonly server: "influx"; readonly tls: boolean }
) & {
  /** Behind Envoy, as gRPC-Web: over HTTP/1.1, or over TLS and HTTP/2. */
  readonly via?: "envoy" | "envoy-tls";
  /** Metadata names that Envoy lets pages send and read. */
  readonly metadata?: readonly string[];
};

/** A server that runs. */
export interface Service {
  readonly url: string;
  /** The certificate to trust, PEM, behind `envoy-tls`. */
  readonly ca?: string;
  stop(): Promise<void>;
}
