// A process that uses a client ends by itself when it has nothing more to do, and not before: the built package in a
// process of its own, the server in this one.

import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { ended } from "../cli/bin.ts";
import { installFlightSql } from "../package/install.ts";
import { rawServer } from "./dead-ends.ts";
import { sleep, until } from "./expect.ts";
import type { WebCount, WebOrder } from "./web-server.ts";

let folder: string;

beforeAll(async () => {
  folder = await installFlightSql("exit");
  copyFileSync(fileURLToPath(new URL("programs/exit.mjs", import.meta.url)), join(folder, "exit.mjs"));
}, 180_000);

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

function start(url: string, name: string): ChildProcess {
  const child = spawn(process.execPath, ["exit.mjs", url, name], { cwd: folder });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
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
    const child = start(url, name);
    const { code, out, err } = await ended(child);
    expect({
      code,
      out: out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
      err,
    }).toEqual({ code: 0, out: says, err: "" });
  });

  test("closed with calls in flight: each says so, and the process ends", { timeout }, async () => {
    const server = await serverOf();
    await server.hold();
    const child = start(server.url, "closed with calls in flight");
    const end = ended(child);
    await until(
      "the calls are there",
      async () => {
        const { DoGet = 0, DoPut = 0 } = await server.count();
        return DoGet === 22 && DoPut === 1;
      },
      20_000,
    );
    child.stdin?.write("close");
    const { code, out, err } = await end;
    expect({ code, out: JSON.parse(out), err }).toEqual({ code: 0, out: ["canceled: the client was closed"], err: "" });
  });

  test("waiting for an answer: the process stays until it has it", { timeout }, async () => {
    const server = await serverOf();
    await server.slow();
    const child = start(server.url, "waiting");
    const { code, out, err } = await ended(child);
    expect({
      code,
      out: out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
      err,
    }).toEqual({ code: 0, out: [6, "ok"], err: "" });
  });
});
