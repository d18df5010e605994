// A Flight service in this process, without a socket: what a server answers, and what it saw, on Node and in browsers.

import { createConnectRouter, createRouterTransport, type Interceptor, type Transport } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import type { RecordBatch } from "apache-arrow";
import { type ClientOptions, FlightSqlClient } from "flightsql";
import { onTestFinished } from "vitest";
import type { Backend, Info, Result } from "../../src/server/backend.ts";
import { flightRoutes } from "../../src/server/routes.ts";
import { numbers } from "../support/router.ts";

/** One call as the server saw it. */
export interface Heard {
  /** `GetFlightInfo` and so on. */
  readonly method: string;
  readonly header: Headers;
}

/** Runs before each call; may refuse it, or add to its answer. */
export type Rule = (call: Heard & { readonly answer: Answer }) => void | Promise<void>;

/** What a rule adds to the answer of a call that succeeds; one that fails carries its metadata in the error. */
export interface Answer {
  readonly header: Headers;
  readonly trailer: Headers;
}

export interface Scripted {
  /** Every call, in the order in which they came. */
  readonly heard: readonly Heard[];
  /** How often a method was called. */
  count(method: string): number;
  /** A Connect transport to it: messages and metadata alone, full duplex, no HTTP. */
  readonly transport: Transport;
  /** `fetch` for `http://scripted.example`: gRPC-Web, for this package's own transport. */
  readonly fetch: typeof globalThis.fetch;
}

export function scripted(backend: Backend, rule: Rule = () => {}): Scripted {
  const heard: Heard[] = [];
  const interceptor: Interceptor = (next) => async (request) => {
    const call = { method: request.method.name, header: new Headers(request.header) };
    heard.push(call);
    const answer = { header: new Headers(), trailer: new Headers() };
    await rule({ ...call, answer });
    const response = await next(request);
    for (const [name, value] of answer.header) response.header.append(name, value);
    for (const [name, value] of answer.trailer) response.trailer.append(name, value);
    return response;
  };
  const router = { interceptors: [interceptor] };
  const routes = flightRoutes(backend);
  const web = createConnectRouter({ ...router, connect: false, grpc: false });
  routes(web);
  // 2.0: Connect answers 505 to uploads over anything less, though here they come as one body.
  const handlers = new Map(
    web.handlers.map((h) => [h.requestPath, createFetchHandler(h, { httpVersion: "2.0" })] as const),
  );
  return {
    heard,
    count: (method) => heard.filter((call) => call.method === method).length,
    transport: createRouterTransport(routes, { router }),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const handler = handlers.get(new URL(request.url).pathname);
      return handler === undefined ? new Response(null, { status: 404 }) : await handler(request);
    },
  };
}

/** The two ways to a scripted server: what each test of metadata is run over. */
export const ways = {
  "a Connect transport": (server: Scripted): ClientOptions => ({
    url: "http://scripted.example",
    transport: server.transport,
  }),
  "gRPC-Web": (server: Scripted): ClientOptions => ({ url: "http://scripted.example", fetch: server.fetch }),
} as const;

/** A client that is closed when the test is over. */
export function connect(options: ClientOptions): FlightSqlClient {
  const client = new FlightSqlClient({ timeoutMs: 10_000, ...options });
  onTestFinished(() => client.close());
  return client;
}

export function resultOf(...batches: RecordBatch[]): Result {
  const chunks = async function* () {
    for (const batch of batches) yield { batch };
  };
  return { schema: batches[0]!.schema, chunks: chunks() };
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A FlightInfo with one endpoint for each list of locations, their tickets "0", "1", … */
export function infoOf(...locations: string[][]): Info {
  return {
    endpoint: locations.map((uris, i) => ({
      ticket: { ticket: utf8(`${i}`) },
      location: uris.map((uri) => ({ uri })),
    })),
    totalRecords: -1n,
    totalBytes: -1n,
  };
}

/** Answers every query with n = 1, 2, 3 from its own single endpoint. */
export const threeRows: Backend = {
  getFlightInfo: async () => infoOf([]),
  doGet: async () => resultOf(numbers(1, 2, 3)),
};

export const rowsOf = async (client: FlightSqlClient): Promise<number[]> =>
  (await client.query("q").all<{ n: number }>()).map(({ n }) => n);
