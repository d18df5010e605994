import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type BrowserRules,
  corsHeaders,
  hostAllowed,
  isLoopback,
  isPreflight,
  preflightHeaders,
} from "../server/browsers.ts";
import { tokenHeader } from "./headers.ts";
import { type CallLimits, limitCalls } from "./limits.ts";
import { refuseCall, relay } from "./relay.ts";
import { isSecret } from "./secret.ts";
import { openUpstream, type UpstreamTls } from "./upstream.ts";

export interface BridgeOptions extends CallLimits, BrowserRules {
  /** The gRPC server all calls go to: `grpc://host:port`, or `grpc+tls://host:port`. */
  readonly upstream: string;
  /** Certificates for a TLS upstream, as Node's `tls.connect` takes them. */
  readonly tls?: UpstreamTls | undefined;
  /** Port; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** Address to bind; `"127.0.0.1"` by default. */
  readonly host?: string | undefined;
  /** What each call must carry as `x-bridge-token`; not sent on. Needed to be reached from other machines. */
  readonly token?: string | undefined;
}

export interface Bridge {
  readonly port: number;
  /** `http://address:port`: what a gRPC-Web client takes as its url. */
  readonly url: string;
  /** Takes no more calls and cuts off those in flight. */
  close(): Promise<void>;
}

/**
 * Lets browsers call a gRPC server: gRPC-Web over HTTP/1.1 in, gRPC out, every message byte for byte.
 *
 * For development and small deployments; in production use Envoy. Client-streaming methods work half-duplex: the
 * upload is read whole before a browser looks at the answer. The text encoding of gRPC-Web is not spoken.
 *
 * @throws TypeError when `upstream` is no such url, or other machines are to reach it without a `token`
 *
 * @example
 * ```ts
 * const { url, close } = await bridge({ upstream: "grpc://127.0.0.1:31337", port: 8080 });
 * ```
 */
export async function bridge(options: BridgeOptions): Promise<Bridge> {
  const { host = "127.0.0.1", token } = options;
  const upstream = openUpstream(options.upstream, options.tls ?? {});
  const local = isLoopback(host);
  if (!local && !token)
    throw new TypeError(`Bound to ${host}, anybody who reaches this machine could call: give a token.`);
  const admit = limitCalls(options);
  // A call lasts as long as it lasts: there is no limit on the time of a request.
  const server = createServer({ requestTimeout: 0, noDelay: true }, (request, response) => {
    if (local && !hostAllowed(request.headers, options)) {
      refuse(response, 403, "This bridge is not known by that name. It answers to localhost.");
      return;
    }
    const cors = corsHeaders(request, options);
    if (cors === null) {
      refuse(response, 403, "Pages of that origin may not use this bridge.");
      return;
    }
    if (isPreflight(request)) {
      response.writeHead(204, preflightHeaders(request, options) ?? {}).end();
      return;
    }
    const objection = unusable(request);
    if (objection) return refuse(response, ...objection);
    if (token !== undefined && !isSecret(request.headers[tokenHeader]?.toString() ?? "", token))
      return refuseCall(request, response, cors, 16, `this bridge asks for its token in ${tokenHeader}`);
    admit(request, response, cors, () => relay(request, response, cors, upstream));
  });
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      upstream.close();
      await closed;
    },
  };
}

/** Why a request is no call. */
function unusable(request: IncomingMessage): [number, string] | null {
  if (request.method !== "POST") return [405, "This is a gRPC-Web bridge: it takes POST requests."];
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web-text")) {
    return [415, "This bridge does not speak gRPC-Web's text encoding. Send application/grpc-web+proto."];
  }
  if (!/^application\/grpc-web(\+proto)?$/.test(type)) return [415, "Send application/grpc-web+proto."];
  // Names of services and methods, and nothing that could mean another path upstream.
  if (!/^\/[\w.]+\/\w+$/.test(request.url ?? "")) return [404, "A call's path is /package.Service/Method."];
  return null;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${text}\n`);
}
