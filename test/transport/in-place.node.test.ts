import { describe, expect, onTestFinished, test } from "vitest";
import { rawServer } from "../faults/dead-ends.ts";
import { nodeClient } from "./http2-server.ts";
import { answer, readResults } from "./in-place.ts";

/** A server that answers in frames of so many bytes, and a client of it. */
async function transportOf(frameBytes: number) {
  const server = await rawServer();
  server.script = async (stream) => {
    stream.headers();
    await stream.data(answer, frameBytes);
    stream.trailers();
  };
  const { transport } = nodeClient(server.url.replace(/^grpc:/, "http:"));
  onTestFinished(() => transport.close());
  return transport;
}

describe("large messages in frames", () => {
  test.each([
    [999, 1.01],
    [16_384, 1.01],
    [70_000, 1.01],
    [300_000, 0.6],
    [1 << 20, 0.3],
  ])("of %i bytes", async (frameBytes, most) => {
    const { wrong, copies } = await readResults(await transportOf(frameBytes));
    expect(wrong).toEqual([]);
    expect(copies).toBeLessThan(most);
  });

  test("of several calls at once, on one connection", async () => {
    const transport = await transportOf(200_000);
    const reads = await Promise.all(Array.from({ length: 4 }, () => readResults(transport)));
    expect(reads.map(({ wrong }) => wrong)).toEqual([[], [], [], []]);
  });

  test("of a call that is left in the middle, beside one that goes on", async () => {
    const server = await rawServer();
    server.script = async (stream) => {
      stream.headers();
      await stream.data(answer, 1 << 20);
      stream.trailers();
    };
    const client = nodeClient(server.url.replace(/^grpc:/, "http:"));
    onTestFinished(() => client.transport.close());
    const left = Array.from({ length: 5 }, async (_, i) => {
      const controller = new AbortController();
      const results = client.doAction({ type: "a" }, { signal: controller.signal })[Symbol.asyncIterator]();
      for (let n = 0; n < 6 + i; n++) await results.next();
      controller.abort();
      await results.next().catch(() => {});
    });
    const { wrong } = await readResults(client.transport);
    await Promise.all(left);
    expect(wrong).toEqual([]);
  });
});
