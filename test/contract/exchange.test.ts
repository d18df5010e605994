import { createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { FlightService } from "../../src/gen/Flight_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { numbers } from "../support/router.ts";
import { expectFailure } from "./expect.ts";
import { connect, scripted, text, utf8, ways } from "./scripted.ts";

/** Sends back what comes, each chunk as it comes. */
const echo: Backend = {
  async doExchange(_, upload) {
    const schema = await upload.schema();
    return { ...(schema && { schema }), chunks: upload };
  },
};
const cmd = utf8("echo");

test("over fetch: reading before end() fails at once, and says what to do", async () => {
  const server = scripted(echo);
  const exchange = connect(ways["gRPC-Web"](server)).flight.doExchange({ cmd });
  await exchange.write(numbers(1, 2));
  for (const read of [() => exchange.readChunk(), () => exchange.schema(), () => exchange.readAll()]) {
    expect((await expectFailure(read(), "failed_precondition")).message).toContain("end()");
  }
  expect(server.heard).toEqual([]);
  // Nothing is lost by having tried.
  exchange.end();
  expect(await exchange.readRows()).toEqual([{ n: 1 }, { n: 2 }]);
});

test("over fetch: everything written, then everything read", async () => {
  const exchange = connect(ways["gRPC-Web"](scripted(echo))).flight.doExchange({ cmd });
  await exchange.write({ batch: numbers(1), appMetadata: utf8("first") });
  await exchange.write({ batch: null, appMetadata: utf8("alone") });
  await exchange.write(numbers(2, 3));
  exchange.end();
  const seen = [];
  for await (const { batch, appMetadata } of exchange) seen.push([batch?.numRows ?? null, text(appMetadata)]);
  expect(seen).toEqual([
    [1, "first"],
    [null, "alone"],
    [2, ""],
  ]);
});

test("full duplex: each answer is read before the next batch is written", async () => {
  const exchange = connect(ways["a Connect transport"](scripted(echo))).flight.doExchange({ cmd });
  for (const n of [1, 2, 3]) {
    // Asked for first: nothing moves in this transport before somebody reads.
    const answer = exchange.readChunk();
    await exchange.write(numbers(n));
    expect((await answer)?.batch?.toArray().map(({ n }) => n)).toEqual([n]);
  }
  exchange.end();
  expect(await exchange.readChunk()).toBeNull();
});

test("metadata before the first batch does not share its message with the descriptor, which C++ would then drop", async () => {
  const sent: string[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(FlightService, {
      // biome-ignore lint/correctness/useYield: it has nothing to say
      async *doExchange(messages) {
        for await (const { flightDescriptor, dataHeader, appMetadata } of messages)
          sent.push(
            `${flightDescriptor ? "descriptor " : ""}${dataHeader.byteLength > 0 ? "data " : ""}${text(appMetadata)}`,
          );
      },
    });
  });
  const exchange = connect({ url: "http://scripted.example", transport }).flight.doExchange({ cmd });
  const over = exchange.readChunk();
  await exchange.write({ batch: null, appMetadata: utf8("hello") });
  await exchange.write({ batch: numbers(1), appMetadata: utf8("first") });
  exchange.end();
  expect(await over).toBeNull();
  expect(sent).toEqual(["descriptor ", "hello", "data ", "data first"]);
});

for (const [name, way] of Object.entries(ways)) {
  test(`writing after end() or cancel() is refused: ${name}`, async () => {
    const client = connect(way(scripted(echo)));
    const ended = client.flight.doExchange({ cmd });
    ended.end();
    await expectFailure(ended.write(numbers(1)), "failed_precondition");
    const cancelled = client.flight.doExchange({ cmd });
    await cancelled.write(numbers(1));
    cancelled.cancel();
    await expectFailure(cancelled.write(numbers(2)), "failed_precondition");
  });
}
