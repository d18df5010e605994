// What 10,000 queries over real connections leave behind: the built package in a process of its own. hygiene.node.test.ts
// looks at each way in and out of a call by itself, without a network.

import { spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { ended } from "../cli/bin.ts";
import { installFlightSql } from "../package/install.ts";
import { rawServer } from "./dead-ends.ts";

let folder: string;

beforeAll(async () => {
  folder = await installFlightSql("left-behind");
  copyFileSync(fileURLToPath(new URL("programs/many.mjs", import.meta.url)), join(folder, "many.mjs"));
}, 180_000);

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
    const child = spawn(process.execPath, ["--expose-gc", "--trace-warnings", "many.mjs", await serverOf(), "10000"], {
      cwd: folder,
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const { code, out, err } = await ended(child);
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
