import type { FlightSqlClient } from "flightsql";
import { beforeEach, describe, expect, test } from "vitest";
import type { ClientOptions } from "../../src/flight/options.ts";
import { numbers, putResult } from "./answers.ts";
import { writes } from "./cases.ts";
import { cuttingProxy, rawServer } from "./dead-ends.ts";
import { connect, expectFault, expectGoodQuery, failure, watchRejections, within } from "./expect.ts";
import { only, type Script } from "./raw-server.ts";
import type { RawStream } from "./raw-stream.ts";
import { stages } from "./stages.ts";

beforeEach(() => watchRejections());

/** The actions of a stream are told apart by what they carry. */
const action = (type: string, script: Script): Script =>
  only("DoAction", async (stream) => {
    await stream.requestEnd;
    const isThis = Buffer.from(stream.request[0] ?? []).includes(type);
    return await (isThis ? script(stream) : stream.answer());
  });

describe("partial ingest", () => {
  const two = { messages: [putResult(2n)] };
  const faults: Record<string, [keyof typeof writes, Script]> = {
    "an error behind the count": [
      "ingest: an error behind the count",
      (stream) =>
        stream.answer({
          ...two,
          trailer: [
            ["grpc-status", "13"],
            ["grpc-message", "disk full"],
          ],
        }),
    ],
    "the connection dies behind the count": [
      "ingest: the connection dies behind the count",
      (stream) =>
        stream.answer({ ...two, fault: { stage: "before trailers", act: ({ connection }) => connection.end() } }),
    ],
  };
  for (const [name, [row, script]] of Object.entries(faults))
    for (const chunkBytes of [undefined, 8])
      test(`${name}${chunkBytes === undefined ? "" : ", in the second part of two"}`, { timeout: 8000 }, async () => {
        const server = await rawServer();
        const client = connect(server.url);
        let count = 0;
        server.script = only("DoPut", (stream) =>
          chunkBytes !== undefined && count++ === 0 ? stream.answer() : script(stream),
        );
        const batches = [numbers(1, 2), numbers(3, 4)];
        const options = chunkBytes === undefined ? {} : { chunkBytes, atomic: false };
        if (chunkBytes === undefined) {
          const error = await expectFault(client.ingest("t", batches, options), writes[row].grpc, server.url);
          expect(error.recordCount).toBe(2n);
          const { code, message } = error;
          expect(JSON.parse(JSON.stringify(error))).toEqual({
            name: "FlightSqlError",
            code,
            message,
            recordCount: "2",
          });
        } else {
          // The parts are one transaction: what it does not commit, nothing has changed.
          const error = await failure(client.ingest("t", batches, options));
          expect(error.recordCount).toBe(0n);
        }
        expect(server.count("DoPut")).toBe(chunkBytes === undefined ? 1 : 2);
        server.script = undefined;
        await expectGoodQuery(client);
      });
});

describe("a commit", () => {
  const faults: Record<string, [keyof typeof writes, Script, number?]> = {
    "the connection dies before the answer": [
      "commit: the connection dies before the answer",
      ({ connection }) => connection.end(),
    ],
    "the connection is reset before the answer": [
      "commit: the connection dies before the answer",
      ({ connection }) => connection.reset(),
    ],
    "the answer is cut": [
      "commit: the answer is cut",
      (stream) => stream.answer({ fault: { stage: "after headers", act: ({ connection }) => connection.end() } }),
    ],
    "timeoutMs passes": ["commit: timeoutMs passes", () => {}, 200],
  };
  for (const [name, [row, script, timeoutMs]] of Object.entries(faults))
    test(name, { timeout: 8000 }, async () => {
      const server = await rawServer();
      const client = connect(server.url);
      const tx = await client.beginTransaction();
      await tx.executeUpdate("INSERT");
      server.script = action("EndTransaction", script);
      await expectFault(tx.commit({ timeoutMs }), writes[row].grpc, server.url);
      const commits = server.calls.filter(({ request }) => Buffer.from(request[0] ?? []).includes("EndTransaction"));
      expect(commits.length, "EndTransaction is sent once").toBe(1);
      server.script = undefined;
      await expectGoodQuery(client);
      // client.transaction() tells it just so.
      server.script = action("EndTransaction", script);
      const call = client.transaction(async (one) => one.executeUpdate("INSERT"), { timeoutMs });
      await expectFault(call, writes[row].grpc, server.url);
    });

  test("that the server refuses is no unknown one", { timeout: 8000 }, async () => {
    const server = await rawServer();
    const tx = await connect(server.url).beginTransaction();
    server.script = action("EndTransaction", (stream) => stream.refuse(10, "conflict"));
    const error = await failure(tx.commit());
    expect([error.code, error.message.includes("conflict")]).toEqual(["aborted", true]);
    expect(error.message).not.toContain("not known");
  });

  test("a connection that dies inside of transaction(): its error, and no commit", { timeout: 8000 }, async () => {
    const server = await rawServer();
    const client = connect(server.url);
    server.script = only("DoPut", ({ connection }) => connection.end());
    const error = await failure(client.transaction((tx) => tx.executeUpdate("INSERT")));
    expect(error.code).toBe("unavailable");
    const ends = server.calls.filter(({ request }) => Buffer.from(request[0] ?? []).includes("EndTransaction"));
    // ActionEndTransactionRequest.action: 1 is COMMIT, 2 is ROLLBACK, in the last two bytes.
    expect(ends.map(({ request }) => request[0]!.at(-1))).not.toContain(1);
    server.script = undefined;
    await expectGoodQuery(client);
  });
});

describe("a DoPut is never sent twice", () => {
  const uploads: Record<string, (client: FlightSqlClient) => Promise<unknown>> = {
    executeUpdate: (client) => client.executeUpdate("DELETE"),
    ingest: (client) => client.ingest("t", [numbers(1, 2, 3)]),
    "the update of a prepared statement": (client) => client.executeUpdate("DELETE", [1]),
    "client.flight.doPut": async (client) => {
      for await (const _ of client.flight.doPut({ cmd: Uint8Array.of(1) }, [numbers(1)]));
    },
  };
  const at = (act: (stream: RawStream) => unknown): [string, Script][] =>
    stages
      .filter((stage) => stage !== "between messages")
      .map((stage) => [stage, (stream) => stream.answer({ fault: { stage, act } })]);
  const codes = Array.from({ length: 14 }, (_, code) => code);
  const statuses = Array.from({ length: 16 }, (_, i) => i + 1);
  const faults: readonly (readonly [string, Script])[] = [
    ...at(({ connection }) => connection.end()).map(([stage, script]) => [`cut ${stage}`, script] as const),
    ...at(({ connection }) => connection.reset()).map(([stage, script]) => [`TCP reset ${stage}`, script] as const),
    ...codes.map((code) => [`RST_STREAM ${code} at once`, (stream: RawStream) => stream.reset(code)] as const),
    ...codes.flatMap((code) =>
      at((stream) => stream.reset(code)).map(([stage, script]) => [`RST_STREAM ${code} ${stage}`, script] as const),
    ),
    ...[0, 2, 11].map(
      (code) =>
        [
          `GOAWAY ${code} without it`,
          ({ connection, id }: RawStream) => {
            connection.goaway(id - 2, code);
            connection.end();
          },
        ] as const,
    ),
    [
      "GOAWAY with it, and then a cut",
      ({ connection, id }: RawStream) => {
        connection.goaway(id);
        connection.end();
      },
    ],
    ...statuses.map((status) => [`status ${status}`, (stream: RawStream) => stream.refuse(status, "no")] as const),
    ...statuses.map(
      (status) =>
        [
          `status ${status} behind the count`,
          (stream: RawStream) => stream.answer({ trailer: [["grpc-status", String(status)]] }),
        ] as const,
    ),
    ...[401, 429, 502, 503, 504].map(
      (status) => [`HTTP ${status}`, (stream: RawStream) => stream.headers([[":status", String(status)]], 1)] as const,
    ),
    [
      "a pushback that asks for a retry",
      (stream: RawStream) => stream.refuse(14, "again", ["grpc-retry-pushback-ms", "1"]),
    ],
  ];

  // With everything that makes a client send calls again: a token that it can renew, cookies, retries asked for.
  const eager: Partial<ClientOptions> = { token: () => `t${Math.random()}`, cookies: true };

  for (const [name, upload] of Object.entries(uploads))
    test(`${name}: under ${faults.length} faults`, { timeout: 60_000 }, async () => {
      const server = await rawServer();
      const again: string[] = [];
      for (const [fault, script] of faults) {
        const client = connect({ url: server.url, ...eager });
        server.script = undefined;
        await client.execute("q");
        const before = server.count("DoPut");
        server.script = only("DoPut", script);
        await within(
          4000,
          upload(client).then(
            () => {
              throw new Error(`with ${fault} it succeeded`);
            },
            (error: unknown) => failure(Promise.reject(error)),
          ),
          fault,
        );
        const times = server.count("DoPut") - before;
        if (times !== 1) again.push(`${fault}: ${times} times`);
        await client.close();
      }
      expect(again).toEqual([]);
    });

  test("nor when the connection dies while it is sent", { timeout: 10_000 }, async () => {
    const server = await rawServer();
    const proxy = await cuttingProxy(server);
    for (const cutAfter of [30, 100, 300, 1000, 100_000, 1_000_000]) {
      proxy.damages = { up: { cutAfter } };
      const before = server.count("DoPut");
      const rows = Array.from({ length: 200_000 }, (_, n) => ({ n, text: "x".repeat(20) }));
      expect((await failure(connect(proxy.url).ingest("t", rows))).code).toBe("unavailable");
      expect(server.count("DoPut") - before).toBeLessThanOrEqual(1);
    }
  });
});
