// What 10,000 queries over real connections leave behind: the built package in a process of its own. hygiene.node.test.ts
// looks at each way in and out of a call by itself, without a network.

import { expect, inject, test } from "vitest";
import { ended } from "../cli/bin.ts";
import { rawServer } from "./dead-ends.ts";
import { program } from "./program.ts";

const start = program("many", ["--expose-gc", "--trace-warnings"]);

interface State {
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly resources: readonly string[];
  readonly sockets: number;
  readonly listeners: number;
}

const servers: Readonly<Record<string, () => Promise<string>>> = {
  "native gRPC": async () => {
    const server = await rawServer();
    server.script = (stream) => {
      // 10,000 requests would be the server's memory.
      server.calls.length = 0;
      return stream.answer();
    };
    return server.url;
  },
  "gRPC-Web over fetch": async () => `${inject("faults")}/many-${Math.random().toString(36).slice(2)}`,
};

test.each(Object.entries(servers))(
  "10,000 queries over %s leave nothing behind, and warn of nothing",
  {
    timeout: 300_000,
  },
  async (_, serverOf) => {
    const { code, out, err } = await ended(start(await serverOf(), "10000"));
    // MaxListenersExceededWarning among others.
    expect([code, err]).toEqual([0, ""]);
    const { before, after } = JSON.parse(out) as { before: State; after: State };
    expect([before.listeners, after.listeners]).toEqual([0, 0]);
    expect(after.resources.toSorted()).toEqual(before.resources.toSorted());
    // Idle connections: one natively, and not more than calls at once over fetch.
    expect(after.sockets).toBeLessThanOrEqual(50);
    // Anything kept of each call, a listener or a closure, would be some MB.
    expect(after.heapUsed - before.heapUsed, "heap").toBeLessThan(4_000_000);
    expect(after.arrayBuffers - before.arrayBuffers, "buffers").toBeLessThan(4_000_000);
  },
);
