// A process that uses a client ends by itself when it has nothing more to do, and not before: the built package in a
// process of its own, the server in this one.

import type { ChildProcess } from "node:child_process";
import { describe, expect, inject, test } from "vitest";
import { ended } from "../cli/bin.ts";
import { rawServer } from "./dead-ends.ts";
import { sleep, until } from "./expect.ts";
import { program } from "./program.ts";
import type { WebCount, WebOrder } from "./web-server.ts";

const start = program("exit");

/** A server of either kind: what it keeps for itself, and whether a call of it has come. */
interface Server {
  readonly url: string;
  /** From now on it never answers DoGet and DoPut. */
  hold(): Promise<void>;
  slow(): Promise<void>;
  count(): Promise<Readonly<Record<string, number>>>;
}

const kinds: Readonly<Record<string, () => Promise<Server>>> = {
  "native gRPC": async () => {
    const server = await rawServer();
    return {
      url: server.url,
      async hold() {
        server.script = (stream) => (/^(DoGet|DoPut)$/.test(stream.method) ? undefined : stream.answer());
      },
      async slow() {
        server.script = async (stream) => {
          await sleep(300);
          await stream.answer();
        };
      },
      count: async () => ({ DoGet: server.count("DoGet"), DoPut: server.count("DoPut") }),
    };
  },
  "gRPC-Web over fetch": async () => {
    const name = `exit-${Math.random().toString(36).slice(2)}`;
    const control = `${inject("faults")}/control/${name}`;
    const order = async (one: WebOrder): Promise<void> => {
      await fetch(control, { method: "PUT", body: JSON.stringify(one) });
    };
    return {
      url: `${inject("faults")}/${name}`,
      hold: () => order({ method: ["DoGet", "DoPut"], fault: "stuck before headers" }),
      slow: () => order({ fault: "a slow answer" }),
      count: async () => ((await (await fetch(control)).json()) as WebCount).calls,
    };
  },
};

/** What the program said, by line, and how it ended. */
async function toldBy(child: ChildProcess): Promise<object> {
  const { code, out, err } = await ended(child);
  const lines = out.split("\n").filter(Boolean);
  return { code, says: lines.map((line) => JSON.parse(line)), err };
}

/** The process ends well within this, or not at all. */
const timeout = 30_000;

describe.each(Object.entries(kinds))("over %s", (_, serverOf) => {
  test.each([
    ["idle", [6, 1]],
    ["planned", ["planned"]],
    ["closed", [6, "canceled: the client was closed"]],
    ["closed before anything", ["closed"]],
  ])("%s: the process ends", { timeout }, async (name, says) => {
    const { url } = await serverOf();
    expect(await toldBy(start(url, name))).toEqual({ code: 0, says, err: "" });
  });

  test("closed with calls in flight: each says so, and the process ends", { timeout }, async () => {
    const server = await serverOf();
    await server.hold();
    const child = start(server.url, "closed with calls in flight");
    const told = toldBy(child);
    await until(
      "the calls are there",
      async () => {
        const { DoGet = 0, DoPut = 0 } = await server.count();
        return DoGet === 22 && DoPut === 1;
      },
      20_000,
    );
    child.stdin?.write("close");
    expect(await told).toEqual({ code: 0, says: [["canceled: the client was closed"]], err: "" });
  });

  test("waiting for an answer: the process stays until it has it", { timeout }, async () => {
    const server = await serverOf();
    await server.slow();
    expect(await toldBy(start(server.url, "waiting"))).toEqual({ code: 0, says: [6, "ok"], err: "" });
  });
});
