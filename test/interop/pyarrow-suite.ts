// What Arrow's C++ server has that the SQL servers have not, from whichever platform.

import { type RecordBatch, type Table, tableFromArrays } from "apache-arrow";
import type { ClientOptions, FlightExchange, FlightPutChunk, FlightSqlClient } from "flightsql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { expectFailure } from "../contract/expect.ts";
import type { Service, ServiceRequest } from "./service.ts";

export interface PyarrowPlatform {
  readonly start: (request: ServiceRequest) => Promise<Service>;
  readonly create: (options: ClientOptions) => FlightSqlClient;
  /** Whether answers can be read before everything is sent. */
  readonly duplex: boolean;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const table = (...n: number[]): Table => tableFromArrays({ n: Int32Array.from(n) });
const batchOf = (...n: number[]): RecordBatch => table(...n).batches[0]!;

let count = 0;
const fresh = (): string => `t${Math.random().toString(36).slice(2, 8)}${count++}`;

export function pyarrowSuite({ start, create, duplex }: PyarrowPlatform): void {
  let service: Service;
  beforeAll(async () => {
    service = await start({ server: "pyarrow", metadata: ["x-text", "x-raw-bin"] });
  });
  afterAll(() => service?.stop());

  function connect(options: Partial<ClientOptions> = {}): FlightSqlClient {
    const client = create({ url: service.url, timeoutMs: 25_000, ...options });
    onTestFinished(() => client.close());
    return client;
  }

  async function action<T>(client: FlightSqlClient, type: string): Promise<T> {
    for await (const body of client.flight.doAction(type)) return JSON.parse(text(body)) as T;
    throw new Error(`no answer to ${type}`);
  }

  describe("DoPut", () => {
    test("each batch is acknowledged, metadata beside it and alone arrives", async () => {
      const client = connect();
      const name = fresh();
      const chunks: FlightPutChunk[] = [
        { batch: batchOf(1, 2), appMetadata: utf8("first") },
        { batch: null, appMetadata: utf8("alone") },
        { batch: batchOf(3) },
      ];
      const answers = [];
      for await (const answer of client.flight.doPut({ path: [name] }, chunks)) answers.push(JSON.parse(text(answer)));
      expect(answers.map(({ rows, metadata }) => [rows, metadata])).toEqual([
        [2, "first"],
        [2, "alone"],
        [3, null],
      ]);
      expect(await client.query(`stored ${name}`).all()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    });

    test("a schema alone makes an empty table", async () => {
      const client = connect();
      const name = fresh();
      for await (const _ of client.flight.doPut({ path: [name] }, [], { schema: table(1).schema }));
      const stored = await client.query(`stored ${name}`).table();
      expect([stored.numRows, stored.schema.names]).toEqual([0, ["n"]]);
    });

    test("updates count their rows; one that is refused says why", async () => {
      const client = connect();
      expect(await client.executeUpdate("update 3")).toBe(3n);
      expect(await client.executeUpdate("update 9007199254740993")).toBe(9007199254740993n);
      const error = await expectFailure(client.executeUpdate("reject"), "invalid_argument");
      expect(error.message).toContain("rejected as asked");
    });

    test("ingest: values of every common type, bytes among them, come back as they went", async () => {
      const client = connect();
      const name = fresh();
      const rows = [
        { i: 2n ** 62n, x: 0.1, t: "", b: Uint8Array.of(0, 255, 128), yes: true, at: new Date(0), l: ["a", null] },
        { i: -1n, x: -5e-324, t: "日本 🚀", b: new Uint8Array(0), yes: false, at: new Date(-1), l: [] },
        { i: null, x: null, t: null, b: null, yes: null, at: null, l: null },
      ];
      expect(await client.ingest(name, rows)).toBe(3n);
      expect(await client.query(`stored ${name}`).all()).toEqual(rows);
      expect(await client.ingest(name, rows.slice(0, 1), { mode: "append" })).toBe(1n);
      expect((await client.query(`stored ${name}`).table()).numRows).toBe(4);
    });

    test("dictionaries, new and grown ones, arrive", async () => {
      const client = connect();
      for (const how of ["replace", "delta"]) {
        const name = fresh();
        const sent = await client.query(`dictionary 4x10 how=${how}`).table();
        const rows = sent.toArray().map((row) => ({ ...row.toJSON() }));
        expect(await client.ingest(name, sent)).toBe(40n);
        expect(await client.query(`stored ${name}`).all()).toEqual(rows);
      }
    });

    test("100 MB in one upload", async () => {
      const client = connect();
      const batch = tableFromArrays({ x: new Float64Array(12_500_000).fill(0.5) }).batches[0]!;
      expect(await client.ingest("discard", [batch])).toBe(12_500_000n);
      const uploads = await action<Record<string, { bytes: number }>>(client, "uploads");
      expect(uploads.discard!.bytes).toBe(100_000_000);
    }, 60_000);
  });

  describe("DoExchange", () => {
    const chunks: FlightPutChunk[] = [
      { batch: null, appMetadata: utf8("hello") },
      { batch: batchOf(1), appMetadata: utf8("first") },
      { batch: batchOf(2, 3) },
    ];
    const read = async (exchange: FlightExchange): Promise<unknown> => {
      const chunk = await exchange.readChunk();
      return chunk && [chunk.batch?.numRows ?? null, text(chunk.appMetadata)];
    };
    const expected = [
      [null, "hello"],
      [1, "first"],
      [2, ""],
    ];

    test("all at once", async () => {
      const exchange = connect().flight.doExchange({ cmd: utf8("echo") });
      for (const chunk of chunks) await exchange.write(chunk);
      exchange.end();
      for (const one of [...expected, null]) expect(await read(exchange)).toEqual(one);
    });

    test(duplex ? "answer by answer" : "reading before end() is refused", async () => {
      const exchange = connect().flight.doExchange({ cmd: utf8("echo") });
      for (const [i, chunk] of chunks.entries()) {
        await exchange.write(chunk);
        if (duplex) expect(await read(exchange)).toEqual(expected[i]);
        else await expectFailure(exchange.readChunk(), "failed_precondition");
      }
      exchange.cancel();
    });
  });

  describe("a login", () => {
    const login = { username: "flight", password: "password" };
    const received = async (client: FlightSqlClient) => await action<Record<string, string[]>>(client, "headers");

    for (const auth of ["basic", "handshake"] as const) {
      test(`by ${auth === "basic" ? "the header, answered by a bearer" : "the payload, answered by a token"}`, async () => {
        const guarded = await start({ server: "pyarrow", options: { auth }, metadata: ["auth-token-bin"] });
        try {
          const client = connect({ url: guarded.url, ...login });
          expect((await client.query("numeric 2x10").table()).numRows).toBe(20);
          expect(await client.executeUpdate("update 1")).toBe(1n);
          const headers = await received(client);
          if (auth === "basic") expect(headers.authorization).toEqual(["Bearer token-of-flight"]);
          else expect(headers["auth-token-bin"]).toEqual(["token-of-flight"]);

          const stranger = connect({ url: guarded.url, ...login, password: "guessed" });
          const error = await expectFailure(stranger.query("numeric 1x1").table(), "unauthenticated");
          expect(error.message).toContain("wrong username or password");
          expect(JSON.stringify([error.message, [...error.metadata], String(error.cause)])).not.toContain("guessed");
          await expectFailure(connect({ url: guarded.url }).query("numeric 1x1").table(), "unauthenticated");
        } finally {
          await guarded.stop();
        }
      });
    }

    test("metadata arrives, bytes as bytes", async () => {
      const client = connect({ metadata: { "x-text": "some text", "x-raw-bin": Uint8Array.of(0, 255, 10) } });
      const headers = await received(client);
      expect(headers["x-text"]).toEqual(["some text"]);
      expect([...headers["x-raw-bin"]![0]!].map((c) => c.charCodeAt(0))).toEqual([0, 255, 10]);
    });
  });

  describe("errors", () => {
    test("carry the server's extra information, before the first message and after it", async () => {
      const client = connect();
      for (const where of ["info", "0", "1"]) {
        const query = client.query(`numeric 2x10 fail=${where} code=unavailable extra=some+more text=no_luck`);
        const error = await expectFailure(query.table(), "unavailable");
        expect(error.message).toContain("no luck");
        const detail = error.metadata.get("grpc-status-details-bin") ?? error.metadata.get("x-arrow-status-detail-bin");
        expect(atob(detail ?? ""), `fail=${where}: ${[...error.metadata.keys()]}`).toContain("some+more");
        expect(error.metadata.get("x-arrow-status")).not.toBeNull();
      }
    });

    test("the batches before one are read first", async () => {
      const seen: number[] = [];
      const read = async (): Promise<void> => {
        for await (const batch of connect().query("numeric 5x10 fail=3")) seen.push(batch.numRows);
      };
      await expectFailure(read(), "internal");
      expect(seen).toEqual([10, 10, 10]);
    });
  });

  describe("stopping reaches the server", () => {
    interface Streams {
      [name: string]: { sent: number; open: boolean };
    }

    /** Waits until the server has ended the stream. */
    async function ended(client: FlightSqlClient, name: string): Promise<void> {
      for (let tries = 0; ; tries++) {
        const { [name]: stream } = await action<Streams>(client, "streams");
        expect(stream, "the server never began it").toBeDefined();
        if (!stream!.open) return;
        expect(tries, "the server still sends after 10 s").toBeLessThan(200);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    const cases: Record<string, (client: FlightSqlClient, sql: string) => Promise<unknown>> = {
      async break(client, sql) {
        for await (const _ of client.query(sql)) break;
      },
      async "an error in the loop"(client, sql) {
        const read = async (): Promise<void> => {
          for await (const _ of client.query(sql)) throw new Error("enough");
        };
        await expect(read()).rejects.toThrow("enough");
      },
      async "break out of rows"(client, sql) {
        for await (const _ of client.query(sql).rows()) break;
      },
      async "cancelling ipc()"(client, sql) {
        const reader = client.query(sql).ipc().getReader();
        await reader.read();
        await reader.cancel();
      },
      async "an abort"(client, sql) {
        const stop = new AbortController();
        const reading = client.query(sql, undefined, { signal: stop.signal }).table();
        setTimeout(() => stop.abort(), 300);
        await expectFailure(reading, "canceled");
      },
      async "a time limit"(client, sql) {
        await expectFailure(client.query(sql, undefined, { timeoutMs: 500 }).table(), "deadline_exceeded");
      },
      async "a result's cancel()"(client, sql) {
        const result = client.query(sql);
        const reading = expectFailure(result.table(), "canceled");
        setTimeout(() => void result.cancel(), 300);
        await reading;
      },
      async "a reader's cancel()"(client, sql) {
        const [endpoint] = (await client.execute(sql)).endpoints;
        const reader = client.doGet(endpoint!);
        await reader.readChunk();
        reader.cancel();
      },
      async "close() of the client"(client, sql) {
        const reading = expectFailure(client.query(sql).table(), "canceled");
        await new Promise((resolve) => setTimeout(resolve, 300));
        await client.close();
        await reading;
      },
    };
    for (const [how, stop] of Object.entries(cases)) {
      test(how, async () => {
        const name = fresh();
        // Small batches and a pause: `table()` keeps them all.
        await stop(connect(), `endless rows=10 delay=1 name=${name}`);
        await ended(connect(), name);
      });
    }

    test("a slow reader keeps the server waiting: it runs only so far ahead", async () => {
      const client = connect();
      const name = fresh();
      const batches = client.query(`endless rows=100000 name=${name}`)[Symbol.asyncIterator]();
      await batches.next();
      const sent = async (): Promise<number> => (await action<Streams>(client, "streams"))[name]!.sent;
      // Until it moves no more: some windows and buffers on the way, then nothing.
      let before = -1;
      for (let now = await sent(); now !== before; now = await sent()) {
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(before * 100_000 * 28).toBeLessThan(200e6);
      await batches.return?.();
      await ended(client, name);
    });
  });

  describe("large messages", () => {
    for (const mb of [12, 100]) {
      test(`${mb} MB in one batch`, async () => {
        const result = await connect().query(`message mb=${mb}`).table();
        const rows = Math.floor((mb * 1_000_000) / 28);
        expect(result.numRows).toBe(rows);
        expect(result.batches).toHaveLength(1);
        expect([result.getChild("id")!.get(rows - 1), result.getChild("x")!.get(rows - 1)]).toEqual([
          BigInt(rows - 1),
          (rows - 1) / 2,
        ]);
      }, 60_000);
    }
  });

  describe("several endpoints", () => {
    test("all rows, in order, side by side", async () => {
      const client = connect();
      for (const ordered of ["", " ordered=1"]) {
        const result = await client.query(`numeric 20x100 endpoints=7 delay=5${ordered}`).table();
        const ids = result.getChild("id")!.toArray() as BigInt64Array;
        expect(ids).toEqual(BigInt64Array.from({ length: 2000 }, (_, i) => BigInt(i)));
      }
    });

    test("a location that nobody serves gives way to the next", async () => {
      const client = connect({ connectTimeoutMs: 2000 });
      const reuse = "arrow-flight-reuse-connection://?";
      const query = client.query(`numeric 4x10 endpoints=2 locations=grpc+tcp://127.0.0.1:9,${reuse}`);
      expect((await query.table()).numRows).toBe(40);
    });
  });
}
