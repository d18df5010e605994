import { codecLoader } from "./arrow/codecs.ts";
import type { Inflate } from "./arrow/decode.ts";
import { FlightSqlError } from "./errors.ts";
import type { ClientOptions, Platform } from "./flight/options.ts";
import { FlightSqlClient as Client } from "./sql/client.ts";
import { createFetchTransport } from "./transport/fetch.ts";
import { ReceiveBudget } from "./transport/http2/receive-budget.ts";
import { createNodeTransport } from "./transport/node.ts";

export * from "./sql/index.ts";

const node: Platform = {
  schemes: { secure: "grpc+tls", insecure: "grpc+tcp" },
  parallelism: 8,
  dialer: (options) => {
    const budget = new ReceiveBudget(options.windowBytes ?? 16 * 1024 * 1024);
    return (uri) => dial(uri, options, budget);
  },
  loadCodec: codecLoader(nodeZstd),
};

/** Node's own Zstandard, which 22.15 and 23.8 brought. Asked of the process, so that bundlers never see the module. */
function nodeZstd(): Inflate | null {
  const zlib = process.getBuiltinModule?.("node:zlib") as
    | { zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array }
    | undefined;
  const inflate = zlib?.zstdDecompressSync;
  return inflate === undefined ? null : (bytes, size) => inflate(bytes, { maxOutputLength: size });
}

function dial(uri: string, options: ClientOptions, budget: ReceiveBudget): ReturnType<ReturnType<Platform["dialer"]>> {
  const [, scheme = "", rest = ""] = /^([^:]+):(.*)$/s.exec(uri) ?? [];
  const common = { interceptors: options.interceptors, maxMessageBytes: options.maxMessageBytes };
  const native = { ...common, connectTimeoutMs: options.connectTimeoutMs ?? 10_000, budget };
  switch (scheme.toLowerCase()) {
    case "grpc":
    case "grpc+tcp":
      return createNodeTransport({ ...native, baseUrl: `http:${rest}` });
    case "grpc+tls":
      return createNodeTransport({ ...native, baseUrl: `https:${rest}`, tls: options.tls });
    case "grpc+unix":
      return createNodeTransport({
        ...native,
        baseUrl: "http://localhost",
        socketPath: rest.replace(/^\/\/(?=\/)/, ""),
      });
    case "http":
    case "https":
      return createFetchTransport({ ...common, baseUrl: uri, fetch: options.fetch, credentials: options.credentials });
    default:
      throw new FlightSqlError("invalid_argument", `the location ${uri} has a scheme that is not known`);
  }
}

/** The Flight SQL client. `new FlightSqlClient("grpc://127.0.0.1:31337")` or with `ClientOptions`. */
export class FlightSqlClient extends Client {
  constructor(options: string | ClientOptions) {
    super(options, node);
  }
}
