import type { Way } from "./outcome.ts";

/** What a runtime cannot do, whoever writes the program: the table tells it, and the lane holds it against the runs. */
export interface Limits {
  /** Ways that it does not have. */
  readonly without?: Partial<Readonly<Record<Way, string>>>;
  /**
   * Tests that fail there, `SUITE > … > TEST`, and why. They run all the same: one that passes has to go from here.
   */
  readonly fails?: Readonly<Record<string, string>>;
  /** Tests that must not even be tried there. */
  readonly skips?: Readonly<Record<string, string>>;
}

/** By the title of the runtime, up to its version. */
export const limits: Readonly<Record<string, Limits>> = {
  workerd: {
    without: {
      "native gRPC":
        "Workers get the package's entry point for gRPC-Web; their TLS sockets know no ALPN, which gRPC over TLS begins with",
    },
    fails: {
      "a server like InfluxDB 3, gRPC-Web without a socket > tables, with their schemas":
        "apache-arrow's `vectorFromArray`, which a server in these tests uses, compiles code, and Workers refuse that; the client does without",
    },
  },
  Firefox: {
    without: { "native gRPC": "pages have no sockets" },
    skips: {
      "pyarrow through Envoy > stopping reaches the server > a slow reader keeps the server waiting: it runs only so far ahead":
        "it reads a response into memory as fast as it comes, however slowly a page takes it",
    },
  },
};
