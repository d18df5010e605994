// The limits that users can set: on messages, results, headers, and the silence of a server.

import { Code, ConnectError } from "@connectrpc/connect";
import { type ClientOptions, FlightSqlClient, type FlightSqlError } from "flightsql";
import { describe, expect, onTestFinished, test } from "vitest";
import { golden } from "../arrow/golden/golden.ts";
import { messagesOf } from "../arrow/streams.ts";
import { expectFailure } from "../contract/expect.ts";
import {
  connect,
  infoOf,
  resultOf,
  rowsOf,
  type Scripted,
  scripted,
  threeRows,
  utf8,
  ways,
} from "../contract/scripted.ts";
import { type DataInit, messages, numbers, type Script, scriptedTransport, toData } from "../support/router.ts";

function clientOf(endpoints: Script[], options: Partial<ClientOptions> = {}): FlightSqlClient {
  const client = new FlightSqlClient({
    url: "http://scripted.example",
    transport: scriptedTransport({ endpoints }),
    timeoutMs: 10_000,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

const ticket = Uint8Array.of(0);

/** By hand: a Response would put an error of its own in the place of ours. */
async function drain(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

/** Every way to read a result of several endpoints. */
const readers: readonly (readonly [name: string, (client: FlightSqlClient) => Promise<unknown>])[] = [
  ["table()", (client) => client.query("q").table()],
  ["all()", (client) => client.query("q").all()],
  [
    "a loop",
    async (client) => {
      for await (const _ of client.query("q"));
    },
  ],
  ["ipc()", (client) => drain(client.query("q").ipc())],
  ["ipc({ decompress: true })", (client) => drain(client.query("q").ipc({ decompress: true }))],
];
const readersOfOne: typeof readers = [
  ["doGet().readAll()", (client) => client.doGet(ticket).readAll()],
  ["doGet().readRows()", (client) => client.doGet(ticket).readRows()],
];

describe("maxMessageBytes", () => {
  /** A compressed batch that claims to hold so many bytes. */
  function bomb(claim: number): Script {
    return async function* () {
      for (const { header, body } of await messagesOf(golden("lz4/mixed").stream)) {
        const lies = body.slice();
        if (lies.byteLength > 16) {
          new DataView(lies.buffer).setBigInt64(0, BigInt(claim), true);
        }
        yield toData({ header, body: lies });
      }
    };
  }
  const unpacking = [...readers.filter(([name]) => name !== "ipc()"), ...readersOfOne];

  test.each(unpacking)("bounds what a message unpacks to, before it is unpacked: %s", async (_, read) => {
    const error = await expectFailure(read(clientOf([bomb(1e9)], { maxMessageBytes: 1e6 })), "resource_exhausted");
    expect(error.message).toContain("maxMessageBytes");
    expect(error.message).toContain("1000000");
  });

  test("is 2 GiB for what unpacks, where it is not set", async () => {
    const error = await expectFailure(
      clientOf([bomb(3 * 2 ** 30)])
        .query("q")
        .table(),
      "resource_exhausted",
    );
    expect(error.message).toContain(`${2 ** 31}`);
  });

  test("lets through what stays below it", async () => {
    const script: Script = async function* () {
      for (const message of await messagesOf(golden("lz4/mixed").stream)) yield toData(message);
    };
    const all = await clientOf([script]).query("q").all();
    expect(await clientOf([script], { maxMessageBytes: 1e6 }).query("q").all()).toEqual(all);
  });

  test("bounds messages as they are sent", async () => {
    const large = numbers(...Array.from({ length: 10_000 }, (_, i) => i));
    const server = scripted({ ...threeRows, doGet: async () => resultOf(large) });
    const client = connect({ ...ways["gRPC-Web"](server), maxMessageBytes: 20_000 });
    const error = await expectFailure(client.query("q").all(), "resource_exhausted");
    expect(error.message).toContain("maxMessageBytes (20000)");
    expect(
      await connect({ ...ways["gRPC-Web"](server), maxMessageBytes: 100_000 })
        .query("q")
        .all(),
    ).toHaveLength(10_000);
  });
});

describe("maxResultBytes", () => {
  /** Streams messages for ever, and tells how many it sent and when it was stopped. */
  function endless(head: readonly DataInit[], message: DataInit) {
    let sent = 0;
    let stop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const script: Script = async function* (context) {
      context.signal.addEventListener("abort", stop);
      yield* head;
      for (; ; sent++) {
        yield message;
        if (sent % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
      }
    };
    return { script, stopped, sent: () => sent };
  }
  const [schema, batch] = [...messages([numbers(...Array.from({ length: 250 }, (_, i) => i))])] as [DataInit, DataInit];
  const small = (): Script => () => messages([numbers(1)]);

  test.each(readers)("counts all endpoints together, and stops the server: %s", async (_, read) => {
    const { script, stopped, sent } = endless([schema], batch);
    const client = clientOf([small(), script], { maxResultBytes: 100_000 });
    const error = await expectFailure(read(client), "resource_exhausted");
    expect(error.message).toContain("maxResultBytes (100000)");
    await stopped;
    expect(sent()).toBeLessThan(200);
  });

  test.each(readersOfOne)("holds for a single stream: %s", async (_, read) => {
    const { script, stopped } = endless([schema], batch);
    await expectFailure(read(clientOf([script], { maxResultBytes: 100_000 })), "resource_exhausted");
    await stopped;
  });

  test("counts messages that hold no batch", async () => {
    const { script, stopped } = endless([schema], { appMetadata: new Uint8Array(1000) });
    for (const [, read] of [...readers, ...readersOfOne]) {
      await expectFailure(read(clientOf([script], { maxResultBytes: 100_000 })), "resource_exhausted");
    }
    await stopped;
  });

  test("counts what waits behind an endpoint that is silent", async () => {
    const { script, sent } = endless([schema], batch);
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const silent: Script = async function* () {
      await begun;
      yield* messages([numbers(1)]);
    };
    const reading = expectFailure(
      clientOf([silent, script], { maxResultBytes: 100_000 }).query("q").table(),
      "resource_exhausted",
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = sent();
    expect(before).toBeLessThan(200);
    begin();
    await reading;
    expect(sent()).toBe(before);
  });

  test("lets through what stays below it", async () => {
    const client = clientOf([small(), small(), small()], { maxResultBytes: 10_000 });
    expect(await client.query("q").all()).toHaveLength(3);
  });
});

describe("headers that are too large", () => {
  const refusing = (code: Code) =>
    scripted(threeRows, () => {
      throw new ConnectError("stream reset", code);
    });
  const of = (code: Code, options: Partial<ClientOptions>): Promise<FlightSqlError> =>
    expectFailure(connect({ ...ways["a Connect transport"](refusing(code)), ...options }).execute("q"));

  test.each([Code.Internal, Code.Unavailable, Code.ResourceExhausted, Code.Unknown])(
    "are named after code %i",
    async (code) => {
      const error = await of(code, { metadata: { large: "x".repeat(9000) } });
      expect(error.message).toMatch(/9037 bytes of headers.* 8192.*metadata.*cookies.*token/);
      expect(error.code).toBe((await of(code, {})).code);
    },
  );

  test("a token counts, and is not shown", async () => {
    const error = await of(Code.Internal, { token: "s3cret".repeat(2000) });
    expect(error.message).toMatch(/\d+ bytes of headers/);
    expect(error.message).not.toContain("s3cret");
  });

  test("are not blamed where they are small, or the code says otherwise", async () => {
    expect((await of(Code.Internal, { metadata: { small: "x" } })).message).not.toContain("headers");
    expect((await of(Code.NotFound, { metadata: { large: "x".repeat(9000) } })).message).not.toContain("headers");
  });
});

/** The scripted fetch is a function of the server; a real one ends with its signal. */
function obedient({ fetch, ...rest }: ClientOptions): ClientOptions {
  if (fetch === undefined) return rest;
  return {
    ...rest,
    fetch: (input, init) =>
      new Promise((resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal!.reason));
        fetch(input, init).then(resolve, reject);
      }),
  };
}

describe.each(Object.entries(ways))("a silent server, over %s", (_, plainWay) => {
  const way = (server: Scripted): ClientOptions => obedient(plainWay(server));
  const never = (): Promise<never> => new Promise(() => {});
  const ms = 60;

  async function took<T>(call: Promise<T>): Promise<readonly [T, number]> {
    const started = performance.now();
    return [await call, performance.now() - started];
  }

  test.each(["GetFlightInfo", "DoGet"])("firstByteTimeoutMs: %s that is not answered", async (method) => {
    const server = scripted(threeRows, (call) => (call.method === method ? never() : undefined));
    const client = connect({ ...way(server), firstByteTimeoutMs: ms });
    const [error, elapsed] = await took(expectFailure(rowsOf(client), "unavailable"));
    expect(error.message).toMatch(new RegExp(`${method} to .* nothing for ${ms} ms \\(firstByteTimeoutMs\\)`));
    expect(elapsed).toBeGreaterThan(ms - 2);
    expect(elapsed).toBeLessThan(2000);
  });

  test("idleTimeoutMs: a result that stops in the middle; the server is told", async () => {
    let stop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const server = scripted({
      ...threeRows,
      async doGet(_, { signal }) {
        signal.addEventListener("abort", () => stop());
        const chunks = async function* () {
          yield { batch: numbers(1) };
          await never();
        };
        return { schema: numbers(1).schema, chunks: chunks() };
      },
    });
    const rows: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const row of connect({ ...way(server), idleTimeoutMs: ms })
        .query("q")
        .rows())
        rows.push(row);
    };
    const error = await expectFailure(read(), "unavailable");
    expect(error.message).toContain(`nothing for ${ms} ms (idleTimeoutMs)`);
    expect(rows).toEqual([{ n: 1 }]);
    await stopped;
  });

  test("a server that takes its time, but less, is waited for; so is a slow reader", async () => {
    const server = scripted({
      ...threeRows,
      async doGet() {
        const chunks = async function* () {
          for (let n = 0; n < 5; n++) {
            await new Promise((resolve) => setTimeout(resolve, ms / 2));
            yield { batch: numbers(n) };
          }
        };
        return { schema: numbers(1).schema, chunks: chunks() };
      },
    });
    const client = connect({ ...way(server), firstByteTimeoutMs: 5 * ms, idleTimeoutMs: 5 * ms });
    expect(await rowsOf(client)).toEqual([0, 1, 2, 3, 4]);
    const rows: unknown[] = [];
    for await (const row of connect({ ...way(server), firstByteTimeoutMs: 3 * ms, idleTimeoutMs: 3 * ms })
      .query("q")
      .rows()) {
      rows.push(row);
      if (rows.length === 2) await new Promise((resolve) => setTimeout(resolve, 7 * ms));
    }
    expect(rows).toHaveLength(5);
  });

  test("what is safe is sent again", async () => {
    let calls = 0;
    const server = scripted({ ...threeRows, getSchema: async () => numbers(1).schema }, ({ method }) =>
      method === "GetSchema" && ++calls === 1 ? never() : undefined,
    );
    const schema = await connect({ ...way(server), firstByteTimeoutMs: ms }).getSchema("q");
    expect([schema?.names, calls]).toEqual([["n"], 2]);
  });

  test("an upload may take as long as it takes", async () => {
    const server = scripted({
      async *doPut(_, upload) {
        for await (const _ of upload);
        await new Promise((resolve) => setTimeout(resolve, 2 * ms));
        yield utf8("done");
      },
    });
    const client = connect({ ...way(server), firstByteTimeoutMs: ms, idleTimeoutMs: ms });
    const slow = async function* () {
      yield numbers(1);
      await new Promise((resolve) => setTimeout(resolve, 2 * ms));
      yield numbers(2);
    };
    const answers: Uint8Array[] = [];
    for await (const answer of client.flight.doPut({ path: ["p"] }, slow())) answers.push(answer);
    expect(answers).toEqual([utf8("done")]);
  });
});

test("a silent location gives way to the next", async () => {
  const origin = scripted({ getFlightInfo: async () => infoOf(["grpc://a.example:1", "grpc://b.example:1"]) });
  const silent = scripted(threeRows, () => new Promise(() => {}));
  const servers = {
    "grpc://origin.example:1": origin,
    "grpc://a.example:1": silent,
    "grpc://b.example:1": scripted(threeRows),
  };
  const client = connect({
    url: "grpc://origin.example:1",
    transport: (uri) => servers[uri as keyof typeof servers].transport,
    firstByteTimeoutMs: 60,
  });
  expect(await rowsOf(client)).toEqual([1, 2, 3]);
  expect(silent.count("DoGet")).toBe(1);
});
