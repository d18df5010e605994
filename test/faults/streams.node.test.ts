import { beforeEach, describe, expect, test } from "vitest";
import { selfSigned } from "../interop/certificate.ts";
import { answers, drops, resetCases, resetName, type Seen, statuses } from "./cases.ts";
import { rawServer } from "./dead-ends.ts";
import { connect, expectFault, expectGoodQuery, failure, watchRejections } from "./expect.ts";
import { oddAnswers } from "./odd-answers.ts";
import { only, type Script } from "./raw-server.ts";
import type { RawStream } from "./raw-stream.ts";
import { stages } from "./stages.ts";
import { envelope } from "./wire.ts";

// One answer of a raw HTTP/2 server goes wrong; every other answer is good, so the same client must get on.

beforeEach(() => watchRejections());

const read = "DoGet";
/** The calls that a fault is put into, and how a user makes them. */
const calls = {
  DoGet: (client: ReturnType<typeof connect>) => client.query("q").table(),
  GetFlightInfo: (client: ReturnType<typeof connect>) => client.execute("q"),
  DoPut: (client: ReturnType<typeof connect>) => client.executeUpdate("q"),
  DoAction: (client: ReturnType<typeof connect>) => client.prepare("q"),
} as const;
type Method = keyof typeof calls;

/** The call fails as the table says, once; then the same client reads a result. */
async function expectOne(method: Method, script: Script, seen: Seen): Promise<void> {
  const server = await rawServer();
  const client = connect(server.url);
  // With a connection that is up, and with one that is made for this call.
  for (const warm of [true, false]) {
    server.script = undefined;
    if (warm) await expectGoodQuery(client);
    const before = server.count(method);
    server.script = only(method, script);
    await expectFault(calls[method](warm ? client : connect(server.url)), seen, server.url);
    expect(server.count(method) - before, "how often the server saw the call").toBe(1);
    server.script = undefined;
    await expectGoodQuery(client);
  }
}

describe("the connection is dropped", () => {
  const ways = {
    "in order": ({ connection }: RawStream) => connection.end(),
    "by a TCP reset": ({ connection }: RawStream) => connection.reset(),
  };
  for (const stage of stages)
    for (const [how, act] of Object.entries(ways))
      for (const method of Object.keys(calls) as Method[]) {
        if (stage === "between messages" && method !== "DoGet") continue;
        test(`${stage}, ${how}: ${method}`, { timeout: 12_000 }, async () => {
          await expectOne(
            method,
            (stream) => stream.answer({ fault: { stage, act } }),
            drops[`connection dropped ${stage}`].grpc!,
          );
        });
      }

  test("between messages: what came before is handed out", { timeout: 6000 }, async () => {
    const server = await rawServer();
    server.script = only(read, (stream) =>
      stream.answer({ fault: { stage: "between messages", act: ({ connection }) => connection.end() } }),
    );
    const rows: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { n } of connect(server.url).query("q").rows<{ n: number }>()) rows.push(n);
    };
    expect((await failure(reading())).code).toBe("unavailable");
    expect(rows).toEqual([1, 2, 3, 4]);
  });
});

describe("the connection is dropped, over TLS", () => {
  const certificate = selfSigned();
  for (const stage of stages)
    test(stage, { timeout: 12_000 }, async () => {
      const server = await rawServer({ tls: certificate });
      const client = connect({ url: server.url, tls: { ca: certificate.cert } });
      const seen = drops[`connection dropped ${stage}`].grpc!;
      // In order, and without TLS's own goodbye.
      for (const act of [
        ({ connection }: RawStream) => connection.end(),
        ({ connection }: RawStream) => void connection.socket.destroy(),
      ]) {
        await expectGoodQuery(client);
        server.script = only(read, (stream) => stream.answer({ fault: { stage, act } }));
        await expectFault(client.query("q").table(), seen, server.url);
        server.script = undefined;
      }
      await expectGoodQuery(client);
    });
});

describe("RST_STREAM", () => {
  for (const [code, { grpc }] of resetCases.entries())
    for (const stage of ["before headers", "after headers", "within a message", "between messages"] as const)
      test(`${resetName(code)} ${stage}`, { timeout: 12_000 }, async () => {
        await expectOne(read, (stream) => stream.answer({ fault: { stage, act: (one) => one.reset(code) } }), grpc);
      });

  for (const [code, { grpc }] of resetCases.entries())
    test(`${resetName(code)} of an upload`, { timeout: 12_000 }, async () => {
      await expectOne("DoPut", (stream) => stream.reset(code), grpc);
    });
});

describe("a proxy answers with an HTTP status", () => {
  for (const [status, { grpc }] of Object.entries(statuses))
    for (const body of [true, false])
      test(`${status} ${body ? "and a page" : "alone"}`, { timeout: 12_000 }, async () => {
        await expectOne(
          "GetFlightInfo",
          (stream) => {
            stream.headers(
              [
                [":status", status],
                ["content-type", "text/html"],
              ],
              body ? 0 : 1,
            );
            if (body) stream.rawData(Buffer.from(`<html>${"proxy ".repeat(50)}</html>`), 1);
          },
          grpc!,
        );
      });

  test("413 while an upload is still being sent", { timeout: 12_000 }, async () => {
    await expectOne(
      "DoPut",
      (stream) => {
        stream.headers([[":status", "413"]], 1);
        stream.reset(0);
      },
      statuses[413].grpc!,
    );
  });
});

describe("an answer that is none", () => {
  for (const [name, { grpc }] of Object.entries(answers) as [keyof typeof answers, { grpc: Seen }][])
    test(name, { timeout: 12_000 }, async () => {
      const { method = read, header, body, trailer } = oddAnswers[name];
      const before = process.memoryUsage().rss;
      await expectOne(
        method,
        async (stream) => {
          await stream.requestEnd;
          const fields = header ?? { "content-type": "application/grpc" };
          const isAll = body === undefined && trailer === undefined;
          stream.headers([[":status", "200"], ...Object.entries(fields)], isAll ? 1 : 0);
          if (isAll) return;
          for (const part of body ?? []) await stream.data(part);
          if (trailer === undefined) stream.rawData(new Uint8Array(0), 1);
          else stream.trailers(trailer);
        },
        grpc,
      );
      // What a length claims is not what a call may take.
      expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(500);
    });
});

test("an error behind many messages: all of them, then the error", { timeout: 6000 }, async () => {
  const server = await rawServer();
  const client = connect(server.url);
  server.script = only(read, (stream) =>
    stream.answer({
      trailer: [
        ["grpc-status", "13"],
        ["grpc-message", "the disk is gone"],
      ],
    }),
  );
  const rows: number[] = [];
  const reading = async (): Promise<void> => {
    for await (const { n } of client.query("q").rows<{ n: number }>()) rows.push(n);
  };
  const error = await failure(reading());
  expect([rows.length, error.code]).toEqual([6, "internal"]);
  expect(error.message).toContain("the disk is gone");
  server.script = undefined;
  await expectGoodQuery(client);
});

test("a status that comes before all is read of an upload is the call's", { timeout: 6000 }, async () => {
  const server = await rawServer();
  server.script = only("DoPut", (stream) => {
    stream.refuse(9, "no such table");
    stream.reset(0);
  });
  const client = connect(server.url);
  async function* rows() {
    for (let i = 0; i < 200_000; i++) yield { n: i, text: "x".repeat(100) };
  }
  const error = await failure(client.ingest("t", rows()));
  expect([error.code, error.message.includes("no such table")]).toEqual(["failed_precondition", true]);
  expect(server.count("DoPut")).toBe(1);
  await expectGoodQuery(client);
});

test("messages that are empty, and a stream without any", { timeout: 6000 }, async () => {
  const server = await rawServer();
  const client = connect(server.url);
  server.script = only(read, (stream) => stream.answer({ messages: [] }));
  expect((await client.query("q").table()).numRows).toBe(0);
  server.script = only(read, async (stream) => {
    stream.headers();
    await stream.data(envelope(new Uint8Array(0)));
    stream.trailers();
  });
  expect((await client.query("q").table()).numRows).toBe(0);
});
