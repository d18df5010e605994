import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { type Client, createClient } from "@connectrpc/connect";
import { FlightService } from "../../src/gen/Flight_pb.ts";
import { ReceiveBudget } from "../../src/transport/http2/receive-budget.ts";
import { createNodeTransport, type NodeTransportOptions } from "../../src/transport/node.ts";
import type { ClosableTransport } from "../../src/transport/transport.ts";

export type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Open connections, oldest first. */
  readonly sessions: ServerHttp2Session[];
  /** Cuts all connections without a word. */
  cut(): void;
  /** How many connections there ever were. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** An HTTP/2 server that a test scripts stream by stream. */
export async function startServer(
  handler: Handler,
  { tls, path }: { tls?: SecureServerOptions; path?: string } = {},
): Promise<TestServer> {
  const server: Http2Server = tls === undefined ? createServer() : createSecureServer(tls);
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    connections++;
    sessions.push(session);
    session.on("error", () => {});
    session.once("close", () => sessions.splice(sessions.indexOf(session), 1));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    handler(stream, headers);
  });
  server.on("sessionError", () => {});
  if (path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(path);
  await once(server, "listening");
  const port = path === undefined ? (server.address() as AddressInfo).port : 0;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    sessions,
    connections: () => connections,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const session of [...sessions]) session.destroy();
      server.close();
    },
  };
}

/** Begins a gRPC answer. */
export function respond(stream: ServerHttp2Stream, trailer: Record<string, string> = { "grpc-status": "0" }): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(trailer));
}

export interface NodeClient extends Client<typeof FlightService> {
  readonly transport: ClosableTransport;
}

export function nodeClient(baseUrl: string, options: Partial<NodeTransportOptions> = {}): NodeClient {
  const transport = createNodeTransport({
    baseUrl,
    connectTimeoutMs: 5000,
    budget: new ReceiveBudget(16 << 20),
    ...options,
  });
  return Object.assign(createClient(FlightService, transport), { transport });
}
