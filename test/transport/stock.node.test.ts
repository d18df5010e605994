import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { FlightSqlClient } from "flightsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSchema } from "../../src/arrow/encode.ts";
import { FlightService } from "../../src/gen/Flight_pb.ts";
import { messages, numbers } from "../support/router.ts";

const server = createServer(
  connectNodeAdapter({
    routes: ({ service }) => {
      service(FlightService, {
        getFlightInfo: () => ({
          schema: writeSchema(numbers(1).schema),
          endpoint: [{ ticket: { ticket: Uint8Array.of(0) } }],
          totalRecords: -1n,
          totalBytes: -1n,
        }),
        async *doGet() {
          yield* messages([numbers(1, 2), numbers(3)]);
        },
      });
    },
  }),
);
let baseUrl = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

for (const [name, transport] of [
  ["createGrpcTransport", () => createGrpcTransport({ baseUrl })],
  ["createGrpcWebTransport", () => createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
] as const) {
  test(`the read path over connect-node's ${name}`, async () => {
    const client = new FlightSqlClient({ url: baseUrl, transport: transport() });
    expect([...(await client.query("q").table()).getChild("n")!]).toEqual([1, 2, 3]);
    let count = 0;
    for await (const batch of client.query("q")) count += batch.numRows;
    expect(count).toBe(3);
    await client.close();
  });
}

test("and over our own", async () => {
  const client = new FlightSqlClient(baseUrl.replace("http:", "grpc:"));
  expect([...(await client.query("q").table()).getChild("n")!]).toEqual([1, 2, 3]);
  await client.close();
});
