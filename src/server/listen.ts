import { once, setMaxListeners } from "node:events";
import {
  createServer as createHttp1,
  type Server as Http1Server,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer as createNet, type Socket } from "node:net";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import { createMethodUrl, type UniversalHandlerFn } from "@connectrpc/connect/protocol";
import { FlightService } from "../gen/Flight_pb.ts";
import { type Access, type Gate, openGate } from "./access.ts";
import type { Backend } from "./backend.ts";
import { type BrowserRules, corsHeaders, hostAllowed, isLoopback, isPreflight, preflightHeaders } from "./browsers.ts";
import { doGetHandler } from "./doget.ts";
import { answer } from "./handler.ts";
import { flightRoutes } from "./routes.ts";

export interface ListenOptions extends BrowserRules, Access {
  /** Port; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** Address to bind; `"127.0.0.1"` by default. */
  readonly host?: string | undefined;
  /** Largest request body, in bytes: `resource_exhausted` beyond. Default 4 GiB. */
  readonly maxRequestBytes?: number | undefined;
  /** Most calls at the same time; further ones are `unavailable` (HTTP 503), which clients may try again. Default 1000. */
  readonly maxCalls?: number | undefined;
  /** Answers what is no call: pages of a site on the same port. 404 by default. */
  readonly fallback?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

export interface Listening {
  readonly port: number;
  /** `http://address:port`: for gRPC-Web, and for browsers. */
  readonly url: string;
  /** Takes no more calls, gives those in flight `graceMs` (1000 by default) to end, then cuts them off. */
  close(graceMs?: number): Promise<void>;
}

// Each paused result holds a batch or two that its client has not taken. At Node's default of 10 MB for a session, six
// of them are enough for new calls to be refused.
const sessionMegabytes = 4096;
const streamWindow = 4 << 20;
const connectionWindow = 16 << 20;
const maxFrameSize = 1 << 20;
const helloMs = 30_000;

/**
 * Serves a backend on one port: gRPC (HTTP/2 without TLS), and gRPC-Web over HTTP/1.1 for browsers, uploads included.
 *
 * @throws TypeError when it is to be reached from other machines and neither `tokens` nor `users` are given
 *
 * @example
 * ```ts
 * const server = await listen(await duckdbBackend({ files: ["flights.parquet"] }), { port: 31337 });
 * console.log(server.url);
 * ```
 */
export async function listen(backend: Backend, options: ListenOptions = {}): Promise<Listening> {
  const { host = "127.0.0.1" } = options;
  const stopping = new AbortController();
  // Every call in progress listens to it.
  setMaxListeners(0, stopping.signal);
  const gate = openGate(options);
  if (!gate && !isLoopback(host)) {
    throw new TypeError(`Bound to ${host}, anybody who reaches this machine could query: give tokens or users.`);
  }
  const handle = requestHandler(backend, options, stopping.signal, gate);
  const http1 = createHttp1({ requestTimeout: 0 }, handle);
  const http2 = createHttp2({
    maxSessionMemory: sessionMegabytes,
    settings: { initialWindowSize: streamWindow, maxFrameSize, enablePush: false },
  });
  // The two requests differ in type only: the handler uses what they share.
  http2.on("request", handle as never);
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    session.setLocalWindowSize(connectionWindow);
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  const sockets = new Set<Socket>();
  const net = createNet({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    greet(socket, http1, http2);
  });
  net.listen(options.port ?? 0, host);
  await once(net, "listening");
  const { port } = net.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async close(graceMs = 1000) {
      const closed = new Promise<void>((resolve) => {
        net.close(() => resolve());
      });
      for (const session of sessions) session.close();
      http1.closeIdleConnections();
      const timer = setTimeout(() => {
        stopping.abort(new ConnectError("The server is shutting down.", Code.Unavailable));
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Hands a connection to the version it speaks: HTTP/2 without TLS begins with `PRI * HTTP/2.0` (RFC 9113 §3.4). */
function greet(socket: Socket, http1: Http1Server, http2: Http2Server): void {
  const onError = () => {};
  socket.on("error", onError);
  socket.setTimeout(helloMs, () => socket.destroy());
  let start = Buffer.alloc(0);
  const look = () => {
    const more: Buffer | null = socket.read();
    if (more === null) return;
    start = Buffer.concat([start, more]);
    // Not put back before it is enough: that would be news again, and again.
    if (start.length < 3) return;
    socket.unshift(start);
    socket.off("readable", look);
    socket.off("error", onError);
    socket.setTimeout(0);
    socket.removeAllListeners("timeout");
    (start.toString("latin1", 0, 3) === "PRI" ? http2 : http1).emit("connection", socket);
  };
  socket.on("readable", look);
}

function requestHandler(
  backend: Backend,
  rules: ListenOptions,
  shutdownSignal: AbortSignal,
  gate: Gate | undefined,
): (request: IncomingMessage, response: ServerResponse) => void {
  const router = createConnectRouter({ connect: false, shutdownSignal });
  flightRoutes(backend, gate)(router);
  const handlers = new Map<string, UniversalHandlerFn>(
    router.handlers.map((handler) => [handler.requestPath, handler]),
  );
  handlers.set(createMethodUrl("", FlightService.method.doGet), doGetHandler(backend, shutdownSignal, gate));
  const local = isLoopback(rules.host ?? "127.0.0.1");
  const { maxRequestBytes = 2 ** 32, maxCalls = 1000 } = rules;
  let calls = 0;
  return (request, response) => {
    const browser = request.httpVersionMajor === 1;
    if (browser && local && !hostAllowed(request.headers, rules)) {
      refuse(response, 403, "This server is not known by that name. It answers to localhost.");
      return;
    }
    const handler = handlers.get((request.url ?? "").split("?", 1)[0]!);
    if (!handler) {
      (rules.fallback ?? notFound)(request, response);
      return;
    }
    if (isPreflight(request)) {
      const headers = preflightHeaders(request, rules);
      if (headers) response.writeHead(204, headers).end();
      else refuse(response, 403, "Pages of that origin may not call this server.");
      return;
    }
    const cors = corsHeaders(request, rules);
    if (cors === null) {
      refuse(response, 403, "Pages of that origin may not call this server.");
      return;
    }
    if (calls >= maxCalls) {
      refuse(response, 503, `This server has ${maxCalls} calls under way (maxCalls): try again later.`, cors);
      return;
    }
    calls++;
    response.once("close", () => calls--);
    const extra = (names: Iterable<string>) => corsHeaders(request, rules, names) as Record<string, string>;
    answer(handler, request, response, extra, maxRequestBytes).catch(() => response.destroy());
  };
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  refuse(response, 404, "Nothing is here.");
}

function refuse(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
