import { createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { FlightSqlClient } from "flightsql";
import { describe, expect, test } from "vitest";
import { writeSchema } from "../../src/arrow/encode.ts";
import { FlightService } from "../../src/gen/Flight_pb.ts";
import { messages, numbers } from "../support/router.ts";

/** A server behind `fetch`, in this process: gRPC-Web bytes between it and the transport. */
function serverFetch(): typeof fetch {
  const router = createConnectRouter().service(FlightService, {
    getFlightInfo: () => ({
      schema: writeSchema(numbers(1).schema),
      endpoint: [{ ticket: { ticket: Uint8Array.of(0) } }, { ticket: { ticket: Uint8Array.of(1) } }],
      totalRecords: -1n,
      totalBytes: -1n,
    }),
    async *doGet({ ticket }) {
      yield* messages(ticket[0] === 0 ? [numbers(1, 2), numbers(3)] : [numbers(4)]);
    },
  });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, createFetchHandler(handler)]));
  return async (input, init) => {
    const request = new Request(input, init);
    const handler = handlers.get(new URL(request.url).pathname);
    return handler === undefined ? new Response(null, { status: 404 }) : await handler(request);
  };
}

describe("the read path over connect-web's gRPC-Web transport, given as `transport`", () => {
  const baseUrl = "http://stock.example";
  const open = (): FlightSqlClient =>
    new FlightSqlClient({ url: baseUrl, transport: createGrpcWebTransport({ baseUrl, fetch: serverFetch() }) });

  test("table() and rows", async () => {
    const client = open();
    const table = await client.query("q").table();
    expect([...table.getChild("n")!]).toEqual([1, 2, 3, 4]);
    expect(await client.query("q").all()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    await client.close();
  });

  test("and over our own, with the same fetch", async () => {
    const client = new FlightSqlClient({ url: baseUrl, fetch: serverFetch() });
    expect((await client.query("q").table()).numRows).toBe(4);
    await client.close();
  });
});
