import { describe, expect, test } from "vitest";
import { createFetchTransport } from "../../src/transport/fetch.ts";
import type { ClosableTransport } from "../../src/transport/transport.ts";
import { answer, readResults } from "./in-place.ts";
import { join, webTrailer } from "./scripted-http.ts";

const body = join(answer, webTrailer("grpc-status: 0\r\n"));

/** A stream of bytes, as a platform's fetch has it: at most so many of them at a time. */
function byteStream(most: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view as Uint8Array | undefined;
      const part = body.slice(at, at + Math.min(most, view?.byteLength ?? most));
      at += part.byteLength;
      if (part.byteLength === 0) controller.close();
      view?.set(part);
      if (request) request.respond(part.byteLength);
      else if (part.byteLength > 0) controller.enqueue(part);
    },
  });
}

/** One that only hands out chunks of its own. */
function chunkStream(most: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === body.byteLength) return controller.close();
      controller.enqueue(body.slice(at, at + most));
      at = Math.min(body.byteLength, at + most);
    },
  });
}

function transportOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ClosableTransport {
  return createFetchTransport({
    baseUrl: "http://scripted.example",
    fetch: async () => new Response(stream, { headers: { "content-type": "application/grpc-web+proto" } }),
  });
}

describe("large messages of a body", () => {
  test.each([3_333, 65_536, 100_000, 1 << 20, 1 << 24])(
    "that can be read into memory, %i bytes at most",
    async (most) => {
      const { wrong, copies } = await readResults(transportOf(byteStream(most)));
      expect(wrong).toEqual([]);
      // The stream's own copy, which is a platform's business; and of each message, what came with its head.
      expect(copies).toBeLessThan(1.25);
    },
  );

  test.each([3_333, 65_536, 1 << 20])("that hands out chunks, of %i bytes", async (most) => {
    const { wrong, copies } = await readResults(transportOf(chunkStream(most)));
    expect(wrong).toEqual([]);
    expect(copies).toBeLessThan(1.01);
  });
});
