import { parseArgs } from "node:util";
import type { UpstreamTls } from "../bridge/upstream.ts";
import { type ClientOptions, FlightSqlClient, FlightSqlError, SqlInfo } from "../node.ts";
import { type Command, UsageError } from "./command.ts";
import { clientOptions, connectionHelp, connectionOptions } from "./connect.ts";
import { exitCodes } from "./failure.ts";
import { pageFolder } from "./page.ts";
import { servePage } from "./page-server.ts";
import { portOf, untilInterrupted } from "./process.ts";

export const command: Command = {
  usage: `flightsql playground --url URL [options]

A page to explore a Flight SQL server with, at an address of this machine, which is printed: tables, an editor, results
of millions of rows. Calls go through this process to the server, with the credentials given here; the page never sees
them, and its address has a key then, so that other users of the machine cannot use them.

  flightsql playground --url grpc+tls://cluster.example.com:443
  flightsql playground --url https://flight.example.com    a server or proxy that speaks gRPC-Web

      --port PORT         port (8080; 0 for any that is free)

${connectionHelp}

Ctrl-C ends it. ${exitCodes}`,

  async run(args) {
    const { values } = parseArgs({
      args,
      options: { port: { type: "string", default: "8080" }, ...connectionOptions },
    });
    const port = portOf(values.port);
    const options = clientOptions(values);
    const upstream = upstreamOf(options.url!);
    const folder = pageFolder();
    const authorization = await logIn(options);
    const page = await servePage({
      upstream,
      tls: upstreamTls(options),
      headers: { ...(options.metadata as Record<string, string>), ...authorization },
      isSecret: Object.keys(authorization).length > 0 || Object.keys(options.metadata ?? {}).length > 0,
      folder,
      port,
    });
    console.log(`flightsql playground: ${page.url}`);
    await untilInterrupted();
    await page.close();
  },
};

/** The url as the bridge takes it: with a port, the one that the client takes when there is none. */
export function upstreamOf(url: string): string {
  if (/^grpc\+unix:/i.test(url)) {
    throw new UsageError(
      "the page does not reach unix sockets: give a grpc://, grpc+tls:// or http(s):// url of the server",
    );
  }
  const [, scheme, authority] = /^(grpc(?:\+tcp|\+tls)?:\/\/)([^/]+)\/?$/i.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) return url;
  const port = /:\d+$/.test(authority) ? "" : /tls/i.test(scheme) ? ":443" : ":80";
  return scheme.toLowerCase() + authority + port;
}

/**
 * The credentials' headers, as the client comes by them: by a call, which also tells whether the server is there.
 *
 * @throws FlightSqlError when it is not, or does not take them
 */
async function logIn(options: ClientOptions): Promise<Record<string, string>> {
  const sent: Record<string, string> = {};
  const client = new FlightSqlClient({
    timeoutMs: 10_000,
    ...options,
    interceptors: [
      (next) => (request) => {
        for (const name of ["authorization", "auth-token-bin"]) {
          const value = request.header.get(name);
          if (value === null) delete sent[name];
          else sent[name] = value;
        }
        return next(request);
      },
    ],
  });
  try {
    await client.getSqlInfo([SqlInfo.FLIGHT_SQL_SERVER_NAME]);
  } catch (thrown) {
    const isTelling =
      thrown instanceof FlightSqlError &&
      ["unavailable", "unauthenticated", "permission_denied", "deadline_exceeded"].includes(thrown.code);
    // A server without SqlInfo is a server all the same.
    if (isTelling) throw thrown;
  } finally {
    await client.close();
  }
  return sent;
}

function upstreamTls({ tls }: ClientOptions): UpstreamTls {
  if (tls === undefined) return {};
  const { ca, cert, key, serverName, rejectUnauthorized } = tls;
  // The files are read as text; what is left out must be absent, as Node takes undefined for a value.
  const all = { ca, cert, key, servername: serverName, rejectUnauthorized };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as UpstreamTls;
}
