// Reads the gRPC-Web answer of a DoGet over HTTP/1.1, and only counts its bytes: what the proxy can do is what shows.

import { Agent, request } from "node:http";
import { serveJobs } from "../harness/client.ts";
import { envelopeHead, field } from "./wire.ts";

const agent = new Agent({ keepAlive: true });

function read(url: string, statement: string): Promise<number> {
  const ticket = field(1, Buffer.from(statement));
  return new Promise((resolve, reject) => {
    const call = request(`${url}/arrow.flight.protocol.FlightService/DoGet`, {
      agent,
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
    });
    call.on("error", reject);
    call.on("response", (response) => {
      let bytes = 0;
      let end: Buffer = Buffer.alloc(0);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        end = chunk.length < 64 ? Buffer.concat([end, chunk]) : chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (/grpc-status: ?0/.test(end.toString("latin1"))) resolve(bytes);
        else reject(new Error(`HTTP ${response.statusCode}, the last bytes: ${end.subarray(-200).toString("latin1")}`));
      });
    });
    call.end(Buffer.concat([envelopeHead(ticket), ticket]));
  });
}

await serveJobs(
  async ({ url, statement }) => ({ bytes: await read(url, statement) }),
  async () => agent.destroy(),
);
