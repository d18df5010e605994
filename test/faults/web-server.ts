// gRPC-Web over HTTP/1.1 that can misbehave at any point, for whoever has fetch: it runs in the process of the test
// set-up, and a test, maybe in a browser, tells it over HTTP what to do to its own clients.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { goodMessages, putResult } from "./answers.ts";
import { answers, type drops, statuses } from "./cases.ts";
import { oddAnswers } from "./odd-answers.ts";
import { type Stage, stages } from "./stages.ts";
import { envelope, takeEnvelopes } from "./wire.ts";

/** What a test asks for: `PUT /control/CLIENT` with this as JSON. */
export interface WebOrder {
  /** The RPC that goes wrong, or several; all by default. */
  readonly method?: string | readonly string[];
  /** A name of `webFaults`, `cut at N` or `stall at N` bytes of the answer; null: none. */
  readonly fault: string | null;
}

/** What it answers to `GET /control/CLIENT`: how often each RPC was called, and how many calls the client has left. */
export interface WebCount {
  readonly calls: Readonly<Record<string, number>>;
  readonly left: number;
}

interface Client {
  order: WebOrder;
  readonly calls: Record<string, number>;
  left: number;
}

/** One call, its request read. */
interface Exchange {
  readonly method: string;
  readonly request: readonly Uint8Array[];
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly header: Readonly<Record<string, string>>;
}

type Fault = (exchange: Exchange) => unknown;

const exposed = "grpc-status,grpc-message,grpc-status-details-bin,authorization";

function corsHeader(request: IncomingMessage): Record<string, string> {
  return {
    "access-control-allow-origin": request.headers.origin ?? "*",
    "access-control-allow-methods": "GET,PUT,POST",
    "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "*",
    "access-control-expose-headers": exposed,
    // Or else browsers keep a preflight for 5 s.
    "access-control-max-age": "0",
  };
}

const trailer = (fields: readonly (readonly [string, string])[]): Buffer =>
  envelope(Buffer.from(fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")), 0x80);

const okTrailer = trailer([["grpc-status", "0"]]);
const grpcWeb = { "content-type": "application/grpc-web+proto" };

/** The parts of a good answer's body: messages, then trailers. */
const goodParts = ({ method, request }: Exchange): Buffer[] => [
  ...goodMessages(method, request).map((message) => envelope(message)),
  okTrailer,
];

function finish(
  { response, header }: Exchange,
  parts: readonly Uint8Array[],
  fields: Record<string, string> = grpcWeb,
  status = 200,
): void {
  response.writeHead(status, { ...header, ...fields });
  for (const part of parts) response.write(part);
  response.end();
}

/** An answer byte for byte, its length announced, so that a cut can be told from an end. */
function bytesOf(exchange: Exchange, parts: readonly Uint8Array[]): { head: Buffer; body: Buffer } {
  const body = Buffer.concat(parts);
  const fields = { ...exchange.header, ...grpcWeb, "content-length": String(body.length) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return { head: Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join("")}\r\n`), body };
}

/** Sends so many bytes of the answer, and then ends the connection or leaves it as it is. */
function sendPart(exchange: Exchange, at: number, isEnd: boolean): void {
  const { head, body } = bytesOf(exchange, goodParts(exchange));
  const bytes = Buffer.concat([head, body]).subarray(0, at);
  if (isEnd) exchange.socket.end(bytes);
  else exchange.socket.write(bytes);
}

/** How many bytes have been sent when a stage is reached. */
function offsetOf(exchange: Exchange, stage: Stage): number {
  const parts = goodParts(exchange);
  const { head } = bytesOf(exchange, parts);
  const upTo = (count: number): number => parts.slice(0, count).reduce((sum, part) => sum + part.length, head.length);
  switch (stage) {
    case "before headers":
      return 0;
    case "after headers":
      return head.length;
    case "within a message":
      return upTo(parts.length - 2) + (parts.at(-2)?.length ?? 0) / 2;
    case "between messages":
      return upTo(parts.length - 2);
    case "before trailers":
      return upTo(parts.length - 1);
  }
}

const html = Buffer.from(`<html>${"proxy ".repeat(100)}</html>`);
const page = { "content-type": "text/html" };

/** What can be asked for by name: the names of the table, where it has one. */
const webFaults: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(
    Object.keys(statuses).map((status) => [
      `HTTP ${status}`,
      (exchange: Exchange) => finish(exchange, [html], page, Number(status)),
    ]),
  ),
  ...Object.fromEntries(
    (Object.keys(answers) as (keyof typeof answers)[]).map((name) => {
      const { header = grpcWeb, body = [], trailer: end } = oddAnswers[name];
      const fields = header["content-type"] === "application/grpc" ? grpcWeb : header;
      return [
        name,
        (exchange: Exchange) => finish(exchange, end === undefined ? body : [...body, trailer(end)], fields),
      ];
    }),
  ),
  ...Object.fromEntries(
    stages.flatMap((stage) => [
      [
        `connection dropped ${stage}` satisfies keyof typeof drops,
        (exchange: Exchange) => sendPart(exchange, offsetOf(exchange, stage), true),
      ],
      [`stuck ${stage}`, (exchange: Exchange) => sendPart(exchange, offsetOf(exchange, stage), false)],
    ]),
  ),
  "a slow answer": (exchange) => {
    setTimeout(() => finish(exchange, goodParts(exchange)), 300);
  },
  "error of a proxy without CORS headers": ({ response }) => response.writeHead(503, page).end(html),
  "status that CORS does not expose": ({ response, header }) =>
    response
      .writeHead(200, {
        ...header,
        ...grpcWeb,
        "access-control-expose-headers": "x-nothing",
        "grpc-status": "5",
        "grpc-message": "no such table",
      })
      .end(),
  "redirect to a login page": (exchange) => finish(exchange, [], { location: "http://127.0.0.1:9/login" }, 302),
  "data behind the trailers": (exchange) => finish(exchange, [...goodParts(exchange), goodParts(exchange)[0]!]),
  "base64 (grpc-web-text) answer": (exchange) =>
    finish(exchange, [Buffer.from(Buffer.concat(goodParts(exchange)).toString("base64"))], {
      "content-type": "application/grpc-web-text+proto",
    }),
  "a native gRPC answer": (exchange) =>
    finish(exchange, goodParts(exchange).slice(0, -1), { "content-type": "application/grpc+proto" }),
  "ingest: an error behind the count": (exchange) =>
    finish(exchange, [
      envelope(putResult(2n)),
      trailer([
        ["grpc-status", "13"],
        ["grpc-message", "disk full"],
      ]),
    ]),
  "ingest: the connection dies behind the count": (exchange) => {
    const { head, body } = bytesOf(exchange, [envelope(putResult(2n)), okTrailer]);
    const { socket } = exchange;
    socket.write(Buffer.concat([head, body.subarray(0, body.length - okTrailer.length)]));
    // Later: a body that breaks takes along what of it nobody has read yet (Streams, ReadableStreamError).
    setTimeout(() => socket.end(), 100);
  },
  "messages without end": async (exchange) => {
    const [schema, batch] = goodParts(exchange);
    exchange.response.writeHead(200, { ...exchange.header, ...grpcWeb });
    exchange.response.write(schema);
    const many = Buffer.concat(new Array<Buffer>(200).fill(batch!));
    while (!exchange.socket.destroyed)
      if (!exchange.response.write(many))
        await Promise.race([once(exchange.response, "drain"), once(exchange.socket, "close")]);
  },
};

export interface WebServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startWebServer(): Promise<WebServer> {
  const clients = new Map<string, Client>();
  const clientOf = (name: string): Client => {
    let client = clients.get(name);
    if (client === undefined) {
      client = { order: { fault: null }, calls: {}, left: 0 };
      clients.set(name, client);
    }
    return client;
  };

  async function control(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const client = clientOf(name);
    if (request.method === "PUT") client.order = JSON.parse((await bodyOf(request)).toString()) as WebOrder;
    const count: WebCount = client;
    response.writeHead(200, { ...corsHeader(request), "content-type": "application/json" });
    response.end(JSON.stringify(name === "closed-port" ? await closedPort() : count));
  }

  async function rpc(request: IncomingMessage, response: ServerResponse, name: string, method: string): Promise<void> {
    const client = clientOf(name);
    const { fault, method: only = method } = client.order;
    const isFaulty = fault !== null && [only].flat().includes(method);
    if (request.method === "OPTIONS") {
      preflight(request, response, isFaulty ? fault : null);
      return;
    }
    client.calls[method] = (client.calls[method] ?? 0) + 1;
    // A client that goes away before it has its answer has left.
    response.once("close", () => {
      if (!response.writableFinished) client.left++;
    });
    const { messages } = takeEnvelopes(await bodyOf(request));
    const exchange = { method, request: messages, response, socket: request.socket, header: corsHeader(request) };
    const [, how, at] = /^(cut|stall) at (\d+)$/.exec(isFaulty ? fault : "") ?? [];
    if (at !== undefined) sendPart(exchange, Number(at), how === "cut");
    else await ((isFaulty && webFaults[fault]) || ((one: Exchange) => finish(one, goodParts(one))))(exchange);
  }

  const server: Server = createServer((request, response) => {
    const [, name = "", client = "", method] = (request.url ?? "").split("/");
    for (const end of [request, response, request.socket]) end.on("error", () => {});
    if (request.method === "OPTIONS" && name === "control") preflight(request, response, null);
    else if (name === "control") void control(request, response, client);
    // /CLIENT/arrow.flight.protocol.FlightService/METHOD
    // A client that goes away while it is answered is what tests do.
    else if (client.includes("FlightService")) rpc(request, response, name, method ?? "").catch(() => {});
    else response.writeHead(404, corsHeader(request)).end();
  });
  // So many listeners come with keep-alive: each call has its own.
  server.on("connection", (socket) => socket.setMaxListeners(0));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function preflight(request: IncomingMessage, response: ServerResponse, fault: string | null): void {
  if (fault === "CORS refused") response.writeHead(403).end();
  else if (fault === "header blocked by CORS")
    response.writeHead(204, { ...corsHeader(request), "access-control-allow-headers": "content-type" }).end();
  else response.writeHead(204, corsHeader(request)).end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
