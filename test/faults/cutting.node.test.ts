import { beforeEach, describe, expect, test } from "vitest";
import { goodRows, numbers, resultMessages } from "./answers.ts";
import type { Damages } from "./cutting-proxy.ts";
import { cuttingProxy, rawServer } from "./dead-ends.ts";
import { connect, expectGoodQuery, failure, watchRejections, within } from "./expect.ts";
import { only } from "./raw-server.ts";

// Not what a server says, but how its bytes arrive: at every byte of a connection.

beforeEach(() => watchRejections());

/** What a call came to: its rows, all of them, or an error of ours. */
async function outcome(url: string, damages: Damages): Promise<string> {
  const client = connect(url);
  try {
    const rows = await within(5000, client.query("q").all<{ n: number }>(), `with ${JSON.stringify(damages)}`);
    expect(rows.map(({ n }) => n)).toEqual([1, 2]);
    return "rows";
  } catch (thrown) {
    const error = await failure(Promise.reject(thrown));
    expect(error.message, JSON.stringify(damages)).toMatch(/^(GetFlightInfo|DoGet) to grpc:/);
    return error.code;
  } finally {
    await client.close();
  }
}

async function setUp() {
  const server = await rawServer();
  const proxy = await cuttingProxy(server);
  const small = only("DoGet", (stream) => stream.answer({ messages: resultMessages([numbers(1, 2)]) }));
  server.script = small;
  expect(await outcome(proxy.url, {})).toBe("rows");
  return { server, proxy, total: { down: proxy.down, up: proxy.up } };
}

describe("cut behind every byte", () => {
  for (const by of ["fin", "rst"] as const)
    test(`that the server sends, ${by === "fin" ? "in order" : "by a TCP reset"}`, { timeout: 60_000 }, async () => {
      const { proxy, total } = await setUp();
      const seen: string[] = [];
      for (let at = 0; at <= total.down; at++) {
        proxy.damages = { down: { cutAfter: at, by } };
        seen.push(await outcome(proxy.url, proxy.damages));
      }
      // A cut is told as one wherever it is, and as nothing else; only behind the trailers it does no harm.
      expect([...new Set(seen)].sort()).toEqual(["rows", "unavailable"]);
      const first = seen.indexOf("rows");
      expect(total.down - first).toBeLessThan(60);
      if (by === "fin") expect(seen.lastIndexOf("unavailable")).toBeLessThan(total.down);
      proxy.damages = {};
      expect(await outcome(proxy.url, {})).toBe("rows");
    });

  test("that the client sends", { timeout: 60_000 }, async () => {
    const { proxy, total } = await setUp();
    const seen: string[] = [];
    for (let at = 0; at < total.up; at++) {
      proxy.damages = { up: { cutAfter: at } };
      seen.push(await outcome(proxy.url, proxy.damages));
    }
    expect(seen[0]).toBe("unavailable");
    expect(seen.filter((one) => one !== "rows" && one !== "unavailable")).toEqual([]);
  });

  test("of an upload: sent once or never, and never a success that was none", { timeout: 60_000 }, async () => {
    const server = await rawServer();
    const proxy = await cuttingProxy(server);
    const probe = connect(proxy.url);
    expect(await probe.ingest("t", [numbers(1, 2)])).toBe(3n);
    await probe.close();
    const { up } = proxy;
    for (let at = 0; at < up; at += 2) {
      proxy.damages = { up: { cutAfter: at } };
      const before = server.count("DoPut");
      const client = connect(proxy.url);
      const result = await within(
        5000,
        client.ingest("t", [numbers(1, 2)]).then(
          () => "rows",
          (error: { code: string }) => error.code,
        ),
        `cut at ${at}`,
      );
      expect(["unavailable", "rows"], `cut at ${at}`).toContain(result);
      expect(server.count("DoPut") - before, `cut at ${at}`).toBeLessThanOrEqual(1);
      await client.close();
    }
  });
});

describe("stalled behind some byte", () => {
  test("of the server's: timeoutMs ends the call, whatever was read", { timeout: 60_000 }, async () => {
    const { server, total } = await setUp();
    const offsets = Array.from({ length: 24 }, (_, i) => Math.floor((i * (total.down - 60)) / 24));
    // All at once: each waits for its time alone.
    await Promise.all(
      offsets.map(async (at) => {
        const own = await cuttingProxy(server);
        own.damages = { down: { stallAfter: at } };
        const client = connect({ url: own.url, connectTimeoutMs: 10_000 });
        const started = performance.now();
        const error = await failure(client.query("q", undefined, { timeoutMs: 400 }).table(), 3000);
        expect(error.code, `stalled at ${at}`).toBe("deadline_exceeded");
        expect(performance.now() - started).toBeLessThan(2000);
      }),
    );
  });
});

describe("split and delayed", () => {
  for (const [name, damages] of Object.entries<Damages>({
    "segments of one byte, both ways": { down: { segment: 1 }, up: { segment: 1 } },
    "segments of seven bytes": { down: { segment: 7 }, up: { segment: 7 } },
    "segments of nine bytes, a frame's head": { down: { segment: 9 }, up: { segment: 9 } },
    "each chunk 30 ms late": { down: { delayMs: 30 }, up: { delayMs: 30 } },
  }))
    test(name, { timeout: 20_000 }, async () => {
      const server = await rawServer();
      const proxy = await cuttingProxy(server);
      proxy.damages = damages;
      const client = connect(proxy.url);
      for (let i = 0; i < 3; i++) await expectGoodQuery(client, 8000);
      expect(await client.ingest("t", [numbers(...goodRows)])).toBe(3n);
      expect(server.connected).toBe(1);
    });

  test("a megabyte in odd segments is the same megabyte", { timeout: 20_000 }, async () => {
    const server = await rawServer();
    const proxy = await cuttingProxy(server);
    const batches = Array.from({ length: 5 }, (_, b) =>
      numbers(...Array.from({ length: 50_000 }, (_, i) => b * 50_000 + i)),
    );
    server.script = only("DoGet", (stream) => stream.answer({ messages: resultMessages(batches) }));
    proxy.damages = { down: { segment: 4099 } };
    const table = await connect(proxy.url).query("q").table();
    const n = table.getChild("n")!.toArray() as Int32Array;
    expect(n.length).toBe(250_000);
    expect(n.every((value, i) => value === i)).toBe(true);
  });
});
