import { beforeEach, describe, expect, test } from "vitest";
import { column, goodMessages, goodRows, resultMessages } from "./answers.ts";
import { drops } from "./cases.ts";
import { rawServer } from "./dead-ends.ts";
import { connect, expectFault, expectGoodQuery, failure, sleep, until, watchRejections, within } from "./expect.ts";
import { only, type RawServer } from "./raw-server.ts";
import { envelope, setting } from "./wire.ts";

beforeEach(() => watchRejections());

/** Answers well, a moment later, so that calls are open together; refuses what is beyond the limit. */
function limited(server: RawServer, limit: number): void {
  server.script = async (stream) => {
    if (stream.connection.openStreams > limit) {
      stream.reset(7);
      return;
    }
    await sleep(3);
    await stream.answer();
  };
}

const queries = (client: ReturnType<typeof connect>, count: number): Promise<number[][]> =>
  Promise.all(
    Array.from({ length: count }, async () => (await client.query("q").all<{ n: number }>()).map(({ n }) => n)),
  );

describe("many calls at once", () => {
  test("500 queries on one client", { timeout: 30_000 }, async () => {
    const server = await rawServer();
    const all = await within(20_000, queries(connect(server.url), 500));
    expect(all).toEqual(Array.from({ length: 500 }, () => goodRows));
    expect([server.connected, server.count("DoGet")]).toEqual([1, 500]);
  });

  test("500 queries, the server takes 100 at once", { timeout: 30_000 }, async () => {
    const server = await rawServer({ manners: { settings: { [setting.maxConcurrentStreams]: 100 } } });
    const client = connect(server.url);
    await expectGoodQuery(client);
    limited(server, 100);
    const all = await within(20_000, queries(client, 500));
    expect(all).toEqual(Array.from({ length: 500 }, () => goodRows));
    expect(server.connections[0]!.busiest).toBeLessThanOrEqual(100);
  });

  for (const isWarm of [true, false])
    test(`50 queries, the server takes 2 at once, ${isWarm ? "on a known" : "from the first"} connection`, {
      timeout: 30_000,
    }, async () => {
      const server = await rawServer({ manners: { settings: { [setting.maxConcurrentStreams]: 2 } } });
      const client = connect(server.url);
      if (isWarm) await expectGoodQuery(client);
      limited(server, 2);
      const all = await within(20_000, queries(client, 50));
      expect(all).toEqual(Array.from({ length: 50 }, () => goodRows));
      if (isWarm) expect(server.connections[0]!.busiest).toBeLessThanOrEqual(2);
    });

  test("a call that waits for its turn ends with its signal and its time", { timeout: 10_000 }, async () => {
    const server = await rawServer({ manners: { settings: { [setting.maxConcurrentStreams]: 1 } } });
    const client = connect(server.url);
    await expectGoodQuery(client);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.script = only("GetFlightInfo", async (stream) => {
      await held;
      await stream.answer();
    });
    const first = client.execute("q");
    await until("the first is there", () => server.count("GetFlightInfo") === 2);
    const stop = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => stop.abort(reason), 100);
    const [aborted, late] = await Promise.all([
      failure(client.execute("q", { signal: stop.signal }), 2000),
      failure(client.execute("q", { timeoutMs: 100 }), 2000),
    ]);
    expect([aborted.code, aborted.cause, late.code]).toEqual(["canceled", reason, "deadline_exceeded"]);
    expect(server.count("GetFlightInfo"), "what waited was never sent").toBe(2);
    release();
    await within(2000, first);
    server.script = undefined;
    await expectGoodQuery(client);
  });

  test("32 paused results of 4 MB each, and then a new query", { timeout: 30_000 }, async () => {
    const server = await rawServer();
    const big = Array.from({ length: 16 }, (_, b) => column(new Int32Array(65_536).fill(b)));
    const messages = resultMessages(big).map((message) => envelope(message));
    server.script = only("DoGet", async (stream) => {
      stream.headers();
      for (const message of messages) await stream.data(message);
      stream.trailers();
    });
    const client = connect(server.url);
    const results = Array.from({ length: 32 }, () => client.query("q")[Symbol.asyncIterator]());
    for (const result of results) expect((await within(5000, result.next())).done).toBe(false);
    await sleep(200);
    const paused = server.calls.filter(({ method }) => method === "DoGet");
    server.script = undefined;
    await expectGoodQuery(client);
    expect(await within(2000, client.executeUpdate("q"))).toBe(3n);
    // Half of them are left, half are read to the end: every row is there.
    for (const result of results.slice(0, 16)) await within(2000, result.return());
    await until("the server has heard of it", () => paused.slice(0, 16).every((stream) => stream.isOver));
    const counts = await Promise.all(
      results.slice(16).map(async (result) => {
        let rows = 65_536;
        for (let next = await result.next(); !next.done; next = await result.next()) rows += next.value.numRows;
        return rows;
      }),
    );
    expect(counts).toEqual(new Array(16).fill(16 * 65_536));
    expect(server.connected).toBe(1);
  });
});

describe("a connection that goes", () => {
  test("while idle: the next call has a new one", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    for (const end of [
      () => server.connections[0]!.end(),
      () => server.connections[0]!.reset(),
      () => {
        server.connections[0]!.goaway(0x7fffffff);
        server.connections[0]!.end();
      },
    ]) {
      await expectGoodQuery(client);
      const before = server.connected;
      end();
      await until("the connection is gone", () => server.connections.length === 0);
      await sleep(10);
      await expectGoodQuery(client);
      expect(server.connected - before).toBe(1);
    }
  });

  test("at the moment of a call: an error or its rows, and never a hang", { timeout: 20_000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    const seen = { rows: 0, unavailable: 0 };
    for (let i = 0; i < 60; i++) {
      await expectGoodQuery(client);
      const call = client.query("q").all();
      // Now, in this turn, or a little later: before, in and behind the bytes of the call.
      setTimeout(() => server.connections[0]?.end(), i / 20);
      const code = await within(
        4000,
        call.then(
          () => "rows" as const,
          (error: { code: "unavailable" }) => error.code,
        ),
      );
      seen[code]++;
      await until("the connection is gone", () => server.connections.length === 0);
    }
    expect(seen.rows + seen.unavailable).toBe(60);
  });

  test("the server is restarted, twice", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    for (let i = 0; i < 2; i++) {
      await expectGoodQuery(client);
      await server.close();
      expect((await failure(client.execute("q"))).code).toBe("unavailable");
      await server.listen();
      await expectGoodQuery(client);
    }
  });

  test("the server is restarted with 20 calls under way: each ends, and the next are good", {
    timeout: 10_000,
  }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    server.script = only("DoGet", (stream) => stream.answer({ fault: { stage: "between messages", act: () => {} } }));
    const calls = Array.from({ length: 20 }, () => client.query("q").table());
    const ends = Promise.all(calls.map((call) => failure(call)));
    await until("all are there", () => server.count("DoGet") === 20);
    await server.close();
    for (const error of await ends) expect(error.code).toBe("unavailable");
    server.script = undefined;
    await server.listen();
    expect(await queries(client, 20)).toEqual(Array.from({ length: 20 }, () => goodRows));
  });

  test("after GOAWAY the calls under way finish, and new ones have a new connection", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.script = only("DoGet", (stream) =>
      stream.answer({
        fault: {
          stage: "between messages",
          act: async () => {
            await held;
            return "go on";
          },
        },
      }),
    );
    const old = queries(client, 5);
    await until("all are there", () => server.count("DoGet") === 5);
    const connection = server.connections[0]!;
    connection.goaway(Math.max(...connection.streams.keys()));
    await sleep(30);
    server.script = undefined;
    await expectGoodQuery(client);
    expect(server.connected).toBe(2);
    release();
    expect(await within(3000, old)).toEqual(Array.from({ length: 5 }, () => goodRows));
    await until("the client lets go of the old connection", () => !server.connections.includes(connection));
    await expectGoodQuery(client);
    expect(server.connected).toBe(2);
  });

  test("GOAWAY lets some calls finish and drops the others", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    const waiting: (() => void)[] = [];
    server.script = async (stream) => {
      await stream.requestEnd;
      waiting.push(() => void stream.answer());
    };
    const calls = Array.from({ length: 10 }, () =>
      client.execute("q").then(
        () => "rows",
        (error) => error.code,
      ),
    );
    await until("all are there", () => waiting.length === 10);
    const connection = server.connections[0]!;
    const ids = [...connection.streams.keys()].sort((a, b) => a - b);
    connection.goaway(ids[4]!);
    await sleep(20);
    for (const answer of waiting.slice(0, 5)) answer();
    const ends = await within(3000, Promise.all(calls));
    expect(ends.slice(0, 5)).toEqual(new Array(5).fill("rows"));
    expect(ends.slice(5)).toEqual(new Array(5).fill("unavailable"));
    server.script = undefined;
    await expectGoodQuery(client);
  });

  test("a server that refuses everyone for a while is asked again by the next call", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    server.script = (stream) => stream.connection.end();
    for (let i = 0; i < 5; i++)
      await expectFault(client.execute("q"), drops["connection dropped before headers"].grpc!, server.url);
    expect(server.count("GetFlightInfo")).toBe(5);
    server.script = undefined;
    await expectGoodQuery(client);
  });
});

test("trailers of a call that nobody reads any more do no harm", { timeout: 10_000 }, async () => {
  const server = await rawServer();
  const client = connect(server.url);
  const late: (() => void)[] = [];
  server.script = only("DoGet", async (stream) => {
    stream.headers();
    await stream.data(envelope(goodMessages("DoGet", [])[0]!));
    await stream.data(envelope(goodMessages("DoGet", [])[1]!));
    late.push(() => {
      stream.rawData(envelope(goodMessages("DoGet", [])[2]!));
      stream.trailers();
    });
  });
  for (let i = 0; i < 20; i++) for await (const _ of client.query("q")) break;
  for (const send of late) send();
  server.script = undefined;
  await sleep(20);
  await expectGoodQuery(client);
  expect([late.length, server.connected]).toEqual([20, 1]);
});
