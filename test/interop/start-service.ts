import { startInflux } from "../support/influx-server.ts";
import { selfSigned } from "./certificate.ts";
import {
  type Running,
  startEnvoy,
  startIntegration,
  startPyarrow,
  startRoapi,
  startSail,
  startSqlite,
} from "./servers.ts";
import type { Service, ServiceRequest } from "./service.ts";

/** Starts a server, and Envoy before it if that is wanted. Node only: browsers have `remoteService`. */
export async function startService(request: ServiceRequest): Promise<Service> {
  if (request.server === "influx") return startWeb(request.tls);
  const server = await start(request);
  const { via, metadata } = request;
  if (via === undefined) return server;
  try {
    const tls = via === "envoy-tls";
    const envoy = await startEnvoy({ upstreamPort: server.port, tls, ...(metadata && { metadata }) });
    const stop = async (): Promise<void> => {
      await envoy.stop();
      await server.stop();
    };
    return tls ? { url: envoy.tlsUrl!, ca: envoy.certificate!.cert, stop } : { url: envoy.url, stop };
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}

async function startWeb(tls: boolean): Promise<Service> {
  const certificate = tls ? selfSigned() : undefined;
  const { webUrl, stop } = await startInflux(certificate);
  return { url: webUrl, stop, ...(certificate && { ca: certificate.cert }) };
}

function start(request: Exclude<ServiceRequest, { server: "influx" }>): Promise<Running> {
  switch (request.server) {
    case "integration":
      return startIntegration(request.scenario);
    case "sqlite":
      return startSqlite();
    case "pyarrow":
      return startPyarrow(request.options);
    case "roapi":
      return startRoapi(request.options);
    case "sail":
      return startSail();
  }
}
