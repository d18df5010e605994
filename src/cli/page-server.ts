import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CallLimits, limitCalls } from "../bridge/limits.ts";
import { relay } from "../bridge/relay.ts";
import { openUpstream, type UpstreamTls } from "../bridge/upstream.ts";
import { corsHeaders, hostAllowed } from "../server/browsers.ts";
import { KeyGate } from "./gate.ts";
import { staticFiles } from "./static.ts";
import { passOn } from "./web-upstream.ts";

export interface PageServerOptions extends CallLimits {
  /** `grpc://host:port` or `grpc+tls://host:port`; or `http://host` or `https://host`, which speak gRPC-Web already. */
  readonly upstream: string;
  /** For `grpc+tls:`. */
  readonly tls: UpstreamTls;
  /** Sent with every call that does not bring its own: credentials, a database. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the headers are nobody else's business. */
  readonly isSecret: boolean;
  readonly folder: string;
  readonly port: number;
}

export interface PageServer {
  /** What to open. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The page and, on the same port, the way to its server: for this machine's browsers, and for the page alone, as the
 * calls go out with the caller's credentials.
 *
 * @throws TypeError when `upstream` is no such url
 */
export async function servePage(options: PageServerOptions): Promise<PageServer> {
  const upstream = /^https?:/i.test(options.upstream) ? null : openUpstream(options.upstream, options.tls);
  const files = staticFiles(options.folder);
  const gate = options.isSecret ? new KeyGate() : undefined;
  const admit = limitCalls(options);
  const server = createServer({ requestTimeout: 0, noDelay: true }, (request, response) => {
    if (!hostAllowed(request.headers, {})) return refuse(response, 403, "This page is at 127.0.0.1 and localhost.");
    // No other origin's pages: only the page's own calls have an origin that is this address.
    if (corsHeaders(request, { origins: [] }) === null)
      return refuse(response, 403, "Only this server's own page may call.");
    if (gate && !gate.admit(request, response)) return;
    if (!isCall(request)) return files(request, response);
    for (const [name, value] of Object.entries(options.headers)) request.headers[name] ??= value;
    admit(request, response, {}, () =>
      upstream === null ? passOn(request, response, options.upstream) : relay(request, response, {}, upstream),
    );
  });
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${gate?.query ?? ""}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      upstream?.close();
      await closed;
    },
  };
}

function isCall({ method, url = "", headers }: IncomingMessage): boolean {
  const type = headers["content-type"] ?? "";
  return method === "POST" && /^application\/grpc-web(\+proto)?$/.test(type) && /^\/[\w.]+\/\w+$/.test(url);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${text}\n`);
}
