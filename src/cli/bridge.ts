import { parseArgs } from "node:util";
import { bridge } from "../bridge/index.ts";
import { type Command, UsageError } from "./command.ts";
import { keepSecret } from "./failure.ts";
import { hostOf, portOf, untilInterrupted } from "./process.ts";

export const command: Command = {
  usage: `flightsql bridge --upstream grpc://HOST:PORT [options]

Lets browsers on this machine call a gRPC server: gRPC-Web in, gRPC out. For development and small deployments; in
production use Envoy.

  --upstream URL   grpc://host:port, or grpc+tls://host:port
  --port PORT      port (8080; 0 for any that is free)
  --origin URL     lets pages of this origin call, and not those of this machine; repeatable
  --host ADDRESS   address to bind (127.0.0.1); any that other machines reach needs a token
  --token TOKEN    asks callers for it in the header x-bridge-token; or set FLIGHTSQL_BRIDGE_TOKEN`,

  async run(args) {
    const { values } = parseArgs({
      args,
      options: {
        upstream: { type: "string" },
        port: { type: "string", default: "8080" },
        origin: { type: "string", multiple: true },
        host: { type: "string", default: "127.0.0.1" },
        token: { type: "string" },
      },
    });
    if (values.upstream === undefined) throw new UsageError("--upstream is missing: which server shall calls go to?");
    const token = values.token ?? process.env.FLIGHTSQL_BRIDGE_TOKEN;
    keepSecret(token);
    const opened = await bridge({
      upstream: values.upstream,
      port: portOf(values.port),
      host: hostOf(values.host, token),
      token,
      origins: values.origin,
    });
    console.log(`flightsql bridge: ${opened.url} → ${values.upstream}`);
    await untilInterrupted();
    await opened.close();
  },
};
