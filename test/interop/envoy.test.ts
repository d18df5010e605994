// What the Envoy configuration is for, held without a client of ours.

import { Agent, type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, type RunningEnvoy, startEnvoy, startPyarrow } from "./servers.ts";

const path = "/arrow.flight.protocol.FlightService/DoGet";
const agent = new Agent({ maxSockets: 100 });
let pyarrow: Running;
let envoy: RunningEnvoy;

beforeAll(async () => {
  pyarrow = await startPyarrow();
  envoy = await startEnvoy({ upstreamPort: pyarrow.port });
});
afterAll(async () => {
  agent.destroy();
  await Promise.all([envoy?.stop(), pyarrow?.stop()]);
});

/** The response of a gRPC-Web DoGet; nothing of its body is read. */
function doGet(statement: string): Promise<IncomingMessage> {
  const ticket = Buffer.from(statement);
  const body = Buffer.concat([Buffer.from([0, 0, 0, 0, ticket.length + 2, 0x0a, ticket.length]), ticket]);
  const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
  return new Promise((resolve, reject) => {
    request(`${envoy.url}${path}`, { method: "POST", headers, agent }, resolve).once("error", reject).end(body);
  });
}

test("a further result flows while 16 larger ones wait for their readers", async () => {
  // With Envoy's default windows 8 are enough to use up the one connection they share, and the ninth never ends.
  const statement = "numeric 24x65536";
  await Promise.all(Array.from({ length: 16 }, () => doGet(statement)));
  let bytes = 0;
  for await (const chunk of await doGet(statement)) bytes += (chunk as Buffer).length;
  expect(bytes).toBeGreaterThan(24 * 65536 * 28);
}, 30_000);

test("a page may send and read what the client needs", async () => {
  const answer = await fetch(`${envoy.url}${path}`, {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:5173",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,database,grpc-timeout,x-grpc-web",
    },
  });
  const names = (header: string): string[] => (answer.headers.get(header) ?? "").split(",").map((name) => name.trim());
  expect(names("access-control-allow-headers")).toEqual(
    expect.arrayContaining(["authorization", "content-type", "database", "grpc-timeout", "x-grpc-web"]),
  );
  expect(names("access-control-expose-headers")).toEqual(
    expect.arrayContaining([
      "grpc-status",
      "grpc-message",
      "grpc-status-details-bin",
      "authorization",
      "x-arrow-status",
    ]),
  );
  expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
});

test("a page of elsewhere gets no permission", async () => {
  const answer = await fetch(`${envoy.url}${path}`, {
    method: "OPTIONS",
    headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
  });
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
});
