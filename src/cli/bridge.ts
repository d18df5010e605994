import { parseArgs } from "node:util";
import { bridge as openBridge } from "../bridge/index.ts";
import { portOf, untilInterrupted } from "./process.ts";

export const bridgeUsage = `flightsql bridge --upstream grpc://HOST:PORT [options]

Lets browsers on this machine call a gRPC server: gRPC-Web in, gRPC out.

  --upstream URL   grpc://host:port, or grpc+tls://host:port
  --port PORT      port (8080; 0 for any that is free)
  --origin URL     lets pages of this origin call, and not those of this machine; repeatable`;

export async function bridge(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      upstream: { type: "string" },
      port: { type: "string", default: "8080" },
      origin: { type: "string", multiple: true },
    },
  });
  if (values.upstream === undefined) throw new TypeError("--upstream is missing: which server shall calls go to?");
  const opened = await openBridge({ upstream: values.upstream, port: portOf(values.port), origins: values.origin });
  console.log(`flightsql bridge: ${opened.url} → ${values.upstream}`);
  await untilInterrupted();
  await opened.close();
}
