// Servers that are none of Flight's: what stands at a wrong address.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { onTestFinished } from "vitest";
import type { Certificate } from "../interop/certificate.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { RawServer, type RawServerOptions } from "./raw-server.ts";

/** A server that does with each connection what it is told; closed when the test is over. */
export async function tcpServer(serve: (socket: Socket) => void, tls?: Certificate): Promise<number> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    serve(socket);
  };
  const server: Server =
    tls === undefined ? createServer(accept) : createTlsServer({ ...tls, ALPNProtocols: ["h2"] }, accept);
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Takes connections and what comes over them, and never says anything. */
export const silent = (socket: Socket): void => {
  socket.resume();
};

/** What a web server that knows HTTP/1 alone says to the preface of HTTP/2. */
export const http1 = (status: string, body: string, type = "text/plain") => {
  return (socket: Socket): void => {
    socket.once("data", () => {
      socket.end(
        `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
    });
  };
};

/** A raw server that is closed when the test is over. */
export async function rawServer(options: RawServerOptions = {}): Promise<RawServer> {
  const server = await new RawServer(options).listen();
  onTestFinished(() => server.close());
  return server;
}

/** A proxy that is closed when the test is over. */
export async function cuttingProxy(server: { readonly port: number }): Promise<CuttingProxy> {
  const proxy = await new CuttingProxy(() => server.port).listen();
  onTestFinished(() => proxy.close());
  return proxy;
}
