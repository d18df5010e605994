// The other side, in a process of its own, so that memory and handles of the client can be told from its own: the
// embedded server, a proxy before it that damages every other connection, and servers that misbehave.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { listen } from "../../src/server/index.ts";
import { CuttingProxy } from "../faults/cutting-proxy.ts";
import { RawServer } from "../faults/raw-server.ts";
import type { RawStream } from "../faults/raw-stream.ts";
import { startWebServer } from "../faults/web-server.ts";
import { damages, misbehaviour } from "./misbehaviour.ts";
import { Random } from "./random.ts";

/** Where they listen. */
export interface Places {
  readonly direct: number;
  readonly proxied: number;
  readonly raw: number;
  readonly web: string;
}

/** How the other side is. */
export interface Health {
  /** Uploads that the scripted server was sent more than once. */
  readonly repeated: readonly string[];
  /** What was thrown and not caught. */
  readonly thrown: readonly string[];
  readonly heapUsed: number;
  readonly rss: number;
  readonly sockets: number;
}

export type Answer = { readonly places: Places } | { readonly health: Health };

const setup =
  "CREATE TABLE keys (id BIGINT); CREATE TABLE pairs (id BIGINT, part INT); CREATE TABLE loads (id BIGINT, n BIGINT);";

/** Runs until the process that started it goes away. */
export async function runWorld(seed: number): Promise<void> {
  const thrown: string[] = [];
  const note = (reason: unknown): void => {
    thrown.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  };
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  process.on("warning", note);
  process.on("disconnect", () => process.exit());
  // What stops the one who started it, by a key, is no reason to die before it has ended well.
  process.on("SIGINT", () => {});

  const embedded = await listen(await duckdbBackend({ setup, config: { threads: "2" } }));
  const proxy = new CuttingProxy(() => embedded.port);
  let connections = 0;
  Object.defineProperty(proxy, "damages", { get: () => damages(new Random(seed, 2 * connections++)) });
  await proxy.listen();

  const puts = new Map<string, number>();
  const count = (stream: RawStream): void => {
    const [name] = /op-\d+/.exec(Buffer.from(stream.request[0] ?? []).toString("latin1")) ?? [];
    if (name !== undefined) puts.set(name, (puts.get(name) ?? 0) + 1);
  };
  const raw = await new RawServer({}).listen();
  let calls = 0;
  raw.script = (stream) => {
    raw.calls.length = 0;
    if (stream.method === "DoPut") void Promise.race([stream.requestEnd, stream.gone]).then(() => count(stream));
    return misbehaviour(new Random(seed, 2 * calls++ + 1))(stream);
  };
  const web = await startWebServer();

  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  process.on("message", () => {
    gc();
    const { heapUsed, rss } = process.memoryUsage();
    const repeated = [...puts].filter(([, times]) => times > 1).map(([name, times]) => `${name}: ${times} times`);
    puts.clear();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    answer({ health: { repeated, thrown: thrown.splice(0), heapUsed, rss, sockets } });
  });
  answer({ places: { direct: embedded.port, proxied: proxy.port, raw: raw.port, web: web.url } });
}

function answer(message: Answer): void {
  process.send?.(message);
}
