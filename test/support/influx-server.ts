import { once } from "node:events";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { listen } from "../../src/server/index.ts";
import type { Certificate } from "../interop/certificate.ts";
import { influxBackend } from "./influx-backend.ts";

export interface InfluxServer {
  /** `grpc://…` or, with TLS, `grpc+tls://…`. */
  readonly url: string;
  /** gRPC-Web on the same port. */
  readonly webUrl: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The look-alike of InfluxDB 3 on a port of this machine. */
export async function startInflux(tls?: Certificate): Promise<InfluxServer> {
  const server = await listen(influxBackend());
  if (tls === undefined) {
    const { port, url } = server;
    return { port, url: `grpc://127.0.0.1:${port}`, webUrl: url, stop: () => server.close(0) };
  }
  // TLS ends here; what is inside goes on byte for byte. Browsers speak gRPC-Web over HTTP/1.1, gRPC offers h2 alone.
  const sockets = new Set<TLSSocket>();
  const front = createServer({ ...tls, ALPNProtocols: ["http/1.1", "h2"] }, (socket) => {
    const inner = connectTcp(server.port, "127.0.0.1");
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      inner.destroy();
    });
    inner.once("close", () => socket.destroy());
    for (const end of [socket, inner]) end.on("error", () => {});
    socket.pipe(inner).pipe(socket);
  });
  front.on("tlsClientError", () => {});
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const { port } = front.address() as AddressInfo;
  return {
    port,
    url: `grpc+tls://127.0.0.1:${port}`,
    webUrl: `https://127.0.0.1:${port}`,
    async stop() {
      front.close();
      for (const socket of sockets) socket.destroy();
      await server.close(0);
    },
  };
}
