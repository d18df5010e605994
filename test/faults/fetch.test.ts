import { beforeEach, describe, expect, inject, test } from "vitest";
import { goodRows, numbers } from "./answers.ts";
import { answers, connecting, drops, type FaultCase, type Seen, statuses, stops, web, writes } from "./cases.ts";
import { connect, expectFault, expectGoodQuery, failure, until, watchRejections, within } from "./expect.ts";
import { type Stage, stages } from "./stages.ts";
import type { WebCount, WebOrder } from "./web-server.ts";

// gRPC-Web, on Node and in Chromium: the server is another process's, which the test tells what to do.

beforeEach(() => watchRejections());

const isBrowser = "document" in globalThis;
const seenOf = ({ web, browser }: FaultCase): Seen | undefined => (isBrowser ? (browser ?? web) : web);

let clients = 0;

interface Target {
  readonly url: string;
  order(order: WebOrder): Promise<void>;
  heal(): Promise<void>;
  count(): Promise<WebCount>;
}

/** A corner of the server that no other test uses. */
function target(): Target {
  const name = `${Math.random().toString(36).slice(2)}-${clients++}`;
  const control = `${inject("faults")}/control/${name}`;
  const order = async (one: WebOrder): Promise<void> => {
    await fetch(control, { method: "PUT", body: JSON.stringify(one) });
  };
  return {
    url: `${inject("faults")}/${name}`,
    order,
    heal: () => order({ fault: null }),
    count: async () => (await (await fetch(control)).json()) as WebCount,
  };
}

const calls = {
  DoGet: (client: ReturnType<typeof connect>) => client.query("q").table(),
  GetFlightInfo: (client: ReturnType<typeof connect>) => client.execute("q"),
  DoPut: (client: ReturnType<typeof connect>) => client.executeUpdate("q"),
} as const;

/**
 * A client, and how often it called `fetch` for an RPC.
 *
 * Chromium itself sends a request again, POST or not, when a connection that was in use before is closed without a byte
 * of the answer (HttpNetworkTransaction::ShouldResendRequest): once for each that it keeps, six at most. No page can
 * prevent that over HTTP/1.1. What a client can see to is that it does not add to it.
 */
function counted(url: string, options: object = {}) {
  const fetched: Record<string, number> = {};
  const client = connect({
    url,
    ...options,
    fetch: (input, init) => {
      const method = String(input).split("/").at(-1)!;
      fetched[method] = (fetched[method] ?? 0) + 1;
      return fetch(input, init);
    },
  });
  return { client, fetched };
}
const byBrowser = (fault: string): number => (isBrowser && fault === "connection dropped before headers" ? 5 : 0);

/** The call fails as the table says, is made once, and the same client works afterwards. */
async function expectOne(method: keyof typeof calls, fault: string, seen: Seen): Promise<void> {
  const one = target();
  const { client, fetched } = counted(one.url, { token: "s3cret-token" });
  for (const isWarm of [false, true]) {
    if (isWarm) await expectGoodQuery(client);
    const fetchedBefore = fetched[method] ?? 0;
    const before = (await one.count()).calls[method] ?? 0;
    await one.order({ method, fault });
    const error = await expectFault(calls[method](client), seen, one.url);
    expect(`${error.message}${JSON.stringify(error)}${error.stack}`).not.toContain("s3cret-token");
    const times = ((await one.count()).calls[method] ?? 0) - before;
    expect(times, "how often the server saw the call").toBeLessThanOrEqual(1 + byBrowser(fault));
    expect(fetched[method]! - fetchedBefore, "how often the client made it").toBe(1);
    await one.heal();
    await expectGoodQuery(client);
  }
}

test("connection refused", { timeout: 10_000 }, async () => {
  const port = await (await fetch(`${inject("faults")}/control/closed-port`)).json();
  const url = `http://127.0.0.1:${port}`;
  const client = connect(url);
  await expectFault(client.execute("q"), connecting["connection refused"].web, url);
  await expectFault(client.executeUpdate("q"), connecting["connection refused"].web, url);
});

describe("a proxy answers with an HTTP status", () => {
  for (const [status, row] of Object.entries(statuses))
    test(status, { timeout: 10_000 }, async () => {
      for (const method of ["GetFlightInfo", "DoGet", "DoPut"] as const)
        await expectOne(method, `HTTP ${status}`, seenOf(row)!);
    });
});

describe("an answer that is none", () => {
  for (const [name, row] of Object.entries(answers)) {
    const seen = seenOf(row);
    if (seen === undefined) continue;
    test(name, { timeout: 10_000 }, async () => {
      await expectOne(name === "success without its message" ? "GetFlightInfo" : "DoGet", name, seen);
    });
  }
});

describe("gRPC-Web alone", () => {
  for (const [name, row] of Object.entries(web)) {
    const seen = seenOf(row);
    // Nothing of CORS exists outside of browsers.
    if (seen === undefined) continue;
    test(name, { timeout: 10_000 }, async () => {
      await expectOne("DoGet", name, seen);
      await expectOne("GetFlightInfo", name, seen);
    });
  }
});

describe("the connection is dropped", () => {
  for (const stage of stages)
    for (const method of ["DoGet", "GetFlightInfo"] as const) {
      if (stage === "between messages" && method !== "DoGet") continue;
      test(`${stage}: ${method}`, { timeout: 10_000 }, async () => {
        await expectOne(method, `connection dropped ${stage}`, seenOf(drops[`connection dropped ${stage}`])!);
      });
    }

  test("behind every byte of an answer: its rows or an error", { timeout: 60_000 }, async () => {
    const one = target();
    const seen: string[] = [];
    for (let at = 0; seen.at(-1) !== "rows"; at += isBrowser ? 7 : 3) {
      if (at > 5000) throw new Error("the answer is never whole");
      await one.order({ method: "DoGet", fault: `cut at ${at}` });
      const reading = connect(one.url).query("q").all<{ n: number }>();
      try {
        const rows = await within(4000, reading, `cut at ${at}`);
        expect(rows.map(({ n }) => n)).toEqual(goodRows);
        seen.push("rows");
      } catch (thrown) {
        const error = await failure(Promise.reject(thrown));
        expect(error.message, `cut at ${at}`).toMatch(/^DoGet to http:/);
        seen.push(error.code);
      }
    }
    expect(seen.length).toBeGreaterThan(60);
    // Chromium takes a head that is cut for a whole one: the type of the content may then be half a word.
    const codes = new Set(seen.filter((code) => !isBrowser || code !== "unknown"));
    expect([...codes].sort()).toEqual(["rows", "unavailable"]);
  });
});

describe("writes", () => {
  for (const name of ["ingest: an error behind the count", "ingest: the connection dies behind the count"] as const)
    test(name, { timeout: 10_000 }, async () => {
      const one = target();
      const client = connect(one.url);
      await one.order({ method: "DoPut", fault: name });
      const error = await expectFault(client.ingest("t", [numbers(1, 2)]), seenOf(writes[name])!, one.url);
      expect(error.recordCount).toBe(2n);
      expect((await one.count()).calls.DoPut).toBe(1);
      await one.heal();
      await expectGoodQuery(client);
    });

  const commits: Record<string, [keyof typeof writes, string, number?]> = {
    "commit: the connection dies before the answer": [
      "commit: the connection dies before the answer",
      "connection dropped before headers",
    ],
    "commit: the answer is cut": ["commit: the answer is cut", "connection dropped after headers"],
    "commit: timeoutMs passes": ["commit: timeoutMs passes", "stuck before headers", 300],
  };
  for (const [name, [row, fault, timeoutMs]] of Object.entries(commits))
    test(name, { timeout: 10_000 }, async () => {
      const one = target();
      const client = connect(one.url);
      const tx = await client.beginTransaction();
      await one.order({ method: "DoAction", fault });
      await expectFault(tx.commit({ timeoutMs }), seenOf(writes[row])!, one.url);
      await one.heal();
      await expectGoodQuery(client);
    });

  const faults = [
    ...stages.filter((stage) => stage !== "between messages").map((stage) => `connection dropped ${stage}`),
    ...Object.keys(statuses).map((status) => `HTTP ${status}`),
    "HTML with status 200",
    "end without trailers",
    "grpc-status 99",
    "redirect to a login page",
    "error of a proxy without CORS headers",
  ];
  for (const fault of faults)
    test(`a DoPut is never sent twice: ${fault}`, { timeout: 10_000 }, async () => {
      const one = target();
      const { client, fetched } = counted(one.url, { token: () => `t${Math.random()}` });
      for (const isWarm of [false, true]) {
        if (isWarm) await expectGoodQuery(client);
        const before = (await one.count()).calls.DoPut ?? 0;
        await one.order({ method: "DoPut", fault });
        const fetchedBefore = fetched.DoPut ?? 0;
        await failure(client.ingest("t", [numbers(1, 2)]));
        expect(fetched.DoPut! - fetchedBefore).toBe(1);
        const times = ((await one.count()).calls.DoPut ?? 0) - before;
        const when = isWarm ? "on a connection in use" : "at first";
        expect(times, when).toBeGreaterThanOrEqual(1);
        expect(times, when).toBeLessThanOrEqual(1 + byBrowser(fault));
        await one.heal();
      }
      await expectGoodQuery(client);
    });
});

describe("ended by the caller", () => {
  const reason = new Error("the user went away");
  for (const stage of stages)
    for (const [how, row] of [
      ["the signal", stops["signal aborted, at any stage"]],
      ["timeoutMs", stops["timeoutMs over, at any stage"]],
      ["close()", stops["client closed, at any stage"]],
    ] as const)
      test(`${stage}, by ${how}`, { timeout: 10_000 }, async () => {
        const one = target();
        await one.order({ method: "DoGet", fault: `stuck ${stage satisfies Stage}` });
        const client = connect(one.url);
        const stop = new AbortController();
        const limits = how === "timeoutMs" ? { timeoutMs: 500 } : { signal: stop.signal };
        const call = expectFault(client.query("q", undefined, limits).table(), seenOf(row)!, one.url, { ms: 3000 });
        call.catch(() => {});
        await until("the call is there", async () => (await one.count()).calls.DoGet === 1);
        if (how === "the signal") stop.abort(reason);
        if (how === "close()") await client.close();
        const error = await call;
        if (how === "the signal") expect(error.cause).toBe(reason);
        await until("the server has heard of it", async () => (await one.count()).left === 1);
        await one.heal();
        if (how !== "close()") await expectGoodQuery(client);
      });
});

test("five paused results, and then a cancel that reaches the server", { timeout: 20_000 }, async () => {
  const one = target();
  await one.order({ method: "DoGet", fault: "messages without end" });
  const client = connect(one.url);
  const results = Array.from({ length: 5 }, () => client.query("q"));
  const readers = results.map((result) => result[Symbol.asyncIterator]());
  for (const reader of readers) expect((await within(5000, reader.next())).done).toBe(false);
  expect(await within(5000, results[0]!.cancel(), "the cancel")).toBe("cancelled");
  expect((await one.count()).calls.DoAction).toBe(1);
  await until("the server has heard of it", async () => (await one.count()).left === 1);
  await one.heal();
  await expectGoodQuery(client);
  for (const reader of readers) await within(3000, reader.return());
  await until("the server has heard of all", async () => (await one.count()).left === 5);
});
