import { Code, ConnectError } from "@connectrpc/connect";
import { Schema, Table, tableFromIPC } from "apache-arrow";
import { FlightSqlClient, FlightSqlError, type Progress } from "flightsql";
import { describe, expect, test } from "vitest";
import { BatchEncoder } from "../../src/arrow/encode.ts";
import { messages, numbers, type Script, type Scripted, scriptedTransport, toData } from "../support/router.ts";

function clientOf(script: Scripted, options: object = {}): FlightSqlClient {
  return new FlightSqlClient({ url: "http://scripted.example", transport: scriptedTransport(script), ...options });
}

const three: Script[] = [
  () => messages([numbers(1, 2), numbers(3)]),
  () => messages([numbers(4)]),
  () => messages([numbers(5, 6)]),
];
const schema = numbers(0).schema;

async function failure(promise: Promise<unknown>): Promise<FlightSqlError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(FlightSqlError);
  return error as FlightSqlError;
}

describe("all endpoints", () => {
  for (const parallelism of [1, 2, 8]) {
    test(`in order, ${parallelism} at a time`, async () => {
      const rows = await clientOf({ endpoints: three }, { endpoints: { parallelism } })
        .query("q")
        .all<{ n: number }>({ as: "object" });
      expect(rows.map((r) => r.n)).toEqual([1, 2, 3, 4, 5, 6]);
    });
  }

  test("a slow first endpoint does not change the order", async () => {
    const slow: Script = async function* () {
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield* messages([numbers(1)]);
    };
    const table = await clientOf({ endpoints: [slow, ...three.slice(1)] })
      .query("q")
      .table();
    expect(table.getChild("n")?.toJSON()).toEqual([1, 4, 5, 6]);
  });

  test("order: arrival does not wait for a slow endpoint, unless the server says that order matters", async () => {
    const slow: Script = async function* () {
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield* messages([numbers(1)]);
    };
    const read = async (ordered: boolean): Promise<number[]> => {
      const client = clientOf(
        { endpoints: [slow, () => messages([numbers(2)])], ordered },
        { endpoints: { order: "arrival" } },
      );
      return (await client.query("q").all<{ n: number }>()).map((r) => r.n);
    };
    expect(await read(false)).toEqual([2, 1]);
    expect(await read(true)).toEqual([1, 2]);
  });

  test("no endpoint is an empty result with its schema", async () => {
    const table = await clientOf({ endpoints: [], schema }).query("q").table();
    expect(table.numRows).toBe(0);
    expect(table.schema.names).toEqual(["n"]);
    expect(await clientOf({ endpoints: [], schema }).query("q").all()).toEqual([]);
  });

  test("endpoints that differ only in nullability and metadata are one result; other types are not", async () => {
    const { fields } = schema;
    const nullable = new Schema([fields[0]!.clone({ nullable: !fields[0]!.nullable })], new Map([["k", "v"]]));
    const table = await clientOf({ endpoints: [() => messages([numbers(1)]), () => messages([], nullable)] })
      .query("q")
      .table();
    expect(table.numRows).toBe(1);
    const other = numbers(1);
    const error = await failure(
      clientOf({ endpoints: [() => messages([other]), () => messages(new Table({ m: other.getChild("n")! }).batches)] })
        .query("q")
        .table(),
    );
    expect(error.code).toBe("data_loss");
    expect(error.message).toContain("different schemas");
  });
});

describe("the schema", () => {
  test("is the FlightInfo's, and cached", async () => {
    const result = clientOf({ endpoints: three, schema }).query("q");
    expect(await result.schema()).toBe(await result.schema());
    expect((await result.table()).numRows).toBe(6);
  });

  test("is the stream's when the FlightInfo has none, and asking for it loses no row", async () => {
    const result = clientOf({ endpoints: three }).query("q");
    expect((await result.info()).schema).toBeNull();
    expect((await result.schema()).names).toEqual(["n"]);
    expect((await result.schema()).names).toEqual(["n"]);
    expect((await result.table()).numRows).toBe(6);
  });

  test("asked for before ipc(), stands in the bytes once", async () => {
    const result = clientOf({ endpoints: three }).query("q");
    await result.schema();
    expect(tableFromIPC(await new Response(result.ipc()).bytes()).numRows).toBe(6);
  });

  test("survives an empty result", async () => {
    const table = await clientOf({ endpoints: [() => messages([], schema)] })
      .query("q")
      .table();
    expect(table.schema.names).toEqual(["n"]);
  });
});

describe("messages that are not batches", () => {
  test("metadata alone, before the schema and between batches, costs no row", async () => {
    const script: Script = function* () {
      yield { appMetadata: Uint8Array.of(1) };
      for (const message of messages([numbers(1), numbers(2)])) {
        yield message;
        yield { appMetadata: Uint8Array.of(2) };
        yield {};
      }
    };
    expect(
      await clientOf({ endpoints: [script] })
        .query("q")
        .all(),
    ).toEqual([{ n: 1 }, { n: 2 }]);
    expect(
      tableFromIPC(
        await new Response(
          clientOf({ endpoints: [script] })
            .query("q")
            .ipc(),
        ).bytes(),
      ).numRows,
    ).toBe(2);
  });

  test("doGet gives metadata beside its batch, and alone with a null batch", async () => {
    const script: Script = function* () {
      const [first, batch] = [...messages([numbers(7)])];
      // arrow-go puts the first batch's metadata on the schema too.
      yield { ...first!, appMetadata: Uint8Array.of(9) };
      yield { ...batch!, appMetadata: Uint8Array.of(9) };
      yield { appMetadata: Uint8Array.of(10) };
    };
    const client = clientOf({ endpoints: [script] });
    const info = await client.execute("q");
    const chunks = [];
    for await (const { batch, appMetadata } of client.doGet(info.endpoints[0]!))
      chunks.push([batch?.numRows ?? null, ...appMetadata]);
    expect(chunks).toEqual([
      [1, 9],
      [null, 10],
    ]);
  });

  test("a header whose length is no multiple of 8 shifts nothing", async () => {
    for (let extra = 0; extra < 8; extra++) {
      const script: Script = function* () {
        for (const message of messages([numbers(1, 2, 3)])) {
          const header = new Uint8Array(message.dataHeader!.byteLength + extra);
          header.set(message.dataHeader!);
          yield { ...message, dataHeader: header };
        }
      };
      expect(
        await clientOf({ endpoints: [script] })
          .query("q")
          .all(),
      ).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      expect(
        tableFromIPC(
          await new Response(
            clientOf({ endpoints: [script] })
              .query("q")
              .ipc(),
          ).bytes(),
        )
          .getChild("n")
          ?.toJSON(),
      ).toEqual([1, 2, 3]);
    }
  });

  test("a body at any offset of its buffer is read right", async () => {
    for (let shift = 0; shift < 8; shift++) {
      const script: Script = function* () {
        for (const message of messages([numbers(1, 2, 3)])) {
          const body = new Uint8Array(message.dataBody!.byteLength + shift).subarray(shift);
          body.set(message.dataBody!);
          yield { ...message, dataBody: body };
        }
      };
      expect(
        await clientOf({ endpoints: [script] })
          .query("q")
          .all(),
      ).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    }
  });
});

describe("failures", () => {
  const breaks: Script = function* () {
    yield* messages([numbers(1), numbers(2), numbers(3)]);
    throw new ConnectError("the disk is on fire", Code.Internal);
  };

  test("after some batches: they come first, then the error", async () => {
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of clientOf({ endpoints: [breaks] }).query("q")) seen.push(batch.numRows);
    };
    const error = await failure(read());
    expect(seen).toEqual([1, 1, 1]);
    expect(error.code).toBe("internal");
    expect(error.message).toContain("DoGet");
    expect(error.message).toContain("the disk is on fire");
  });

  test("of a later endpoint come after the batches of the earlier ones", async () => {
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const row of clientOf({ endpoints: [three[0]!, breaks, three[2]!] })
        .query("q")
        .rows<{ n: number }>())
        seen.push(row.n);
    };
    expect((await failure(read())).code).toBe("internal");
    expect(seen).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test("data before a schema, a second schema, and no schema at all are damage", async () => {
    const encoder = new BatchEncoder(schema);
    const first = toData(encoder.schema());
    const batch = toData(encoder.batch(numbers(1))[0]!);
    for (const stream of [[batch], [first, first, batch], []]) {
      const error = await failure(
        clientOf({ endpoints: [() => stream] })
          .query("q")
          .table(),
      );
      expect(error.code).toBe("data_loss");
    }
  });

  test("a result has one consumer", async () => {
    const result = clientOf({ endpoints: three }).query("q");
    await result.table();
    for (const again of [() => result.table(), () => result.all(), () => result.ipc().getReader().read()]) {
      expect((await failure(again())).code).toBe("failed_precondition");
    }
    expect("then" in result).toBe(false);
  });

  test("maxResultBytes stops a result that is too large", async () => {
    const error = await failure(clientOf({ endpoints: three }, { maxResultBytes: 100 }).query("q").table());
    expect(error.code).toBe("resource_exhausted");
  });

  test("nothing is sent before the result is asked for something", async () => {
    let sent = 0;
    const transport = scriptedTransport({ endpoints: three });
    const counting: typeof transport = {
      ...transport,
      unary: (...args) => {
        sent++;
        return transport.unary(...args);
      },
    };
    const client = new FlightSqlClient({ url: "http://scripted.example", transport: counting });
    const result = client.query("q");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(sent).toBe(0);
    await result.info();
    await result.table();
    expect(sent).toBe(1);
  });
});

describe("stopping", () => {
  /** An endpoint that never ends, and what it saw. */
  function endless(): { script: Script; aborted: Promise<void>; sent: () => number } {
    let sent = 0;
    let stopped: () => void;
    const aborted = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const script: Script = async function* (context) {
      context.signal.addEventListener("abort", () => stopped());
      const [first, batch] = [...messages([numbers(1)])];
      yield first!;
      for (;;) {
        sent++;
        yield batch!;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    return { script, aborted, sent: () => sent };
  }

  test("break, return() and an error in the loop reach the server", async () => {
    for (const leave of ["break", "throw", "return"] as const) {
      const { script, aborted } = endless();
      const result = clientOf({ endpoints: [script, script] }).query("q");
      const read = async (): Promise<void> => {
        for await (const batch of result) {
          expect(batch.numRows).toBe(1);
          if (leave === "throw") throw new Error("enough");
          if (leave === "return") return;
          break;
        }
      };
      await read().catch((e: Error) => expect(e.message).toBe("enough"));
      await aborted;
    }
  });

  test("an AbortSignal: canceled, with the caller's reason as cause", async () => {
    const { script, aborted } = endless();
    const controller = new AbortController();
    const reason = new Error("the page was left");
    setTimeout(() => controller.abort(reason), 20);
    const error = await failure(
      clientOf({ endpoints: [script] })
        .query("q", undefined, { signal: controller.signal })
        .table(),
    );
    expect(error.code).toBe("canceled");
    expect(error.cause).toBe(reason);
    await aborted;
  });

  test("a signal that is aborted already: nothing is sent", async () => {
    const error = await failure(
      clientOf({ endpoints: three })
        .query("q", undefined, { signal: AbortSignal.abort("no") })
        .table(),
    );
    expect(error.code).toBe("canceled");
    expect(error.cause).toBe("no");
  });

  test("timeoutMs: deadline_exceeded, not at once and not never", async () => {
    const { script, aborted } = endless();
    const started = performance.now();
    const error = await failure(
      clientOf({ endpoints: [script] })
        .query("q", undefined, { timeoutMs: 200 })
        .table(),
    );
    expect(error.code).toBe("deadline_exceeded");
    expect(performance.now() - started).toBeGreaterThan(190);
    await aborted;
    expect((await clientOf({ endpoints: three }, { timeoutMs: 60_000 }).query("q").table()).numRows).toBe(6);
  });

  test("cancel() stops a loop with canceled, and can be called any time", async () => {
    const { script, aborted } = endless();
    const result = clientOf({ endpoints: [script] }).query("q");
    const reading = failure(result.table());
    setTimeout(() => void result.cancel(), 20);
    expect((await reading).code).toBe("canceled");
    await aborted;
    await result.cancel();
    const untouched = clientOf({ endpoints: three }).query("q");
    expect(await untouched.cancel()).toBe("unspecified");
    expect((await failure(untouched.table())).code).toBe("canceled");
  });

  test("cancelling the ipc() stream reaches the server", async () => {
    const { script, aborted } = endless();
    const reader = clientOf({ endpoints: [script] })
      .query("q")
      .ipc()
      .getReader();
    await reader.read();
    await reader.cancel();
    await aborted;
  });

  test("close() ends calls under way", async () => {
    const { script, aborted } = endless();
    const client = clientOf({ endpoints: [script] });
    const reading = failure(client.query("q").table());
    setTimeout(() => void client.close(), 20);
    const error = await reading;
    expect(error.code).toBe("canceled");
    expect(error.message).toContain("closed");
    await aborted;
    await client.close();
  });

  test("a slow reader is not run away from", async () => {
    const { script, sent } = endless();
    let read = 0;
    for await (const _ of clientOf({ endpoints: [script, script] }, { endpoints: { queue: 3 } }).query("q")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (++read === 10) break;
    }
    // Of the first endpoint what was read and its queue; of the second its queue; and one message on its way of each.
    expect(sent()).toBeLessThan(10 + 2 * (3 + 3));
  });
});

test("progress counts rows, bytes and endpoints, and knows its part of the whole", async () => {
  const seen: Progress[] = [];
  await clientOf({ endpoints: three, totalRecords: 6n })
    .query("q", undefined, { onProgress: (p) => seen.push(p) })
    .table();
  expect(seen.map((p) => p.rows)).toEqual([2, 3, 4, 6, 6]);
  expect(seen.at(-1)).toMatchObject({ endpointsDone: 3, endpoints: 3, fraction: 1 });
  expect(seen.at(-1)!.bytes).toBeGreaterThan(0);
  expect(seen.at(-1)!.elapsedMs).toBeGreaterThan(0);
});
