import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codecLoader } from "../../src/arrow/codecs.ts";
import { FlightDecoder } from "../../src/arrow/decode.ts";
import { readSchema } from "../../src/arrow/encapsulated.ts";
import type { IpcMessage } from "../../src/arrow/encode.ts";
import { writeSchema } from "../../src/arrow/encode.ts";
import { batchTable, readMessage } from "../../src/arrow/message.ts";
import { batchRows } from "../../src/arrow/rows.ts";
import { FlightSqlError } from "../../src/errors.ts";
import { golden, goldens } from "./golden/golden.ts";
import { decodeMessages, messagesOf, valuesOf } from "./streams.ts";

/** Reads the messages to the last value. Whatever is wrong with them must end in rows or an error of ours. */
async function readAll(messages: readonly IpcMessage[], maxBatchBytes: number): Promise<"rows" | "refused"> {
  const decoder = new FlightDecoder(codecLoader(), maxBatchBytes);
  try {
    for (const { header, body } of messages) {
      const batch = await decoder.decode(header, body);
      if (batch === null) continue;
      // A column of nulls may claim two billion rows: a reader that stops early is not kept.
      for (const rows of batchRows(batch, { timestamp: "string" })) if (rows.length === 10_000) break;
    }
    return "rows";
  } catch (thrown) {
    if (thrown instanceof FlightSqlError || thrown instanceof RangeError || thrown instanceof TypeError)
      return "refused";
    throw thrown;
  }
}

describe("golden streams with damage", () => {
  // FLIGHTSQL_FUZZ_RUNS of many thousands is the run of hours; the seed is then of the clock.
  const env = globalThis.process?.env?.FLIGHTSQL_FUZZ_RUNS;
  const runs = env === undefined ? 1500 : Number(env);
  const options = { numRuns: runs, ...(env === undefined && { seed: 20_261_122 }) };
  const streams = goldens.filter(({ stream }) => stream.byteLength < 6000);

  const damage = fc.record({
    stream: fc.constantFrom(...streams),
    message: fc.nat(3),
    where: fc.constantFrom("header", "body"),
    edits: fc.array(
      fc.record({
        at: fc.nat(4000),
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 1 }),
          fc.constantFrom([0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0x80], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0]),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

  test("give rows or an error, soon and in little memory", {
    timeout: env === undefined ? 60_000 : 36_000_000,
  }, async () => {
    const counts = { rows: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(damage, async ({ stream, message, where, edits }) => {
        const messages = (await messagesOf(stream.stream)).map((m) => ({
          header: m.header.slice(),
          body: m.body.slice(),
        }));
        const target = messages[message % messages.length]![where];
        for (const { at, bytes } of edits) if (target.byteLength > 4) target.set(bytes, at % (target.byteLength - 4));
        const started = performance.now();
        counts[await readAll(messages, 2 ** 24)]++;
        expect(performance.now() - started).toBeLessThan(2000);
      }),
      options,
    );
    // Both happen: damage that is never noticed, or always, would mean that nothing was tried.
    expect(counts.rows).toBeGreaterThan(runs / 20);
    expect(counts.refused).toBeGreaterThan(runs / 5);
  });

  test("cut anywhere give an error", async () => {
    for (const name of [
      "struct/nested",
      "dictionary/delta",
      "union-dense/nulls",
      "list_view/nulls",
      "lz4/mixed",
      "zstd/mixed",
      "run_end_encoded-32/nulls",
      "utf8_view/nulls",
    ]) {
      const messages = await messagesOf(golden(name).stream);
      for (const [m, { header, body }] of messages.entries()) {
        for (let n = 0; n < header.byteLength; n += 3) {
          const cut = messages.with(m, { header: header.subarray(0, n), body });
          expect(await readAll(cut, 2 ** 24), `${name}: message ${m} cut at ${n}`).toMatch(
            n < header.byteLength - 60 ? "refused" : /rows|refused/,
          );
        }
        // Padding at the end of a body may go; values may not.
        for (let n = 0; n < body.byteLength; n += 5)
          await readAll(messages.with(m, { header, body: body.subarray(0, n) }), 2 ** 24);
      }
    }
  });
});

describe("by rule", () => {
  test.each<[string, string, (batch: IpcMessage) => void, string]>([
    ["a buffer beyond the body", "utf8/nulls", (m) => buffer(m, 1, { length: 4000n }), "reaches beyond"],
    ["a negative buffer offset", "utf8/nulls", (m) => buffer(m, 1, { offset: -8n }), "negative"],
    ["a huge buffer length", "utf8/nulls", (m) => buffer(m, 1, { length: 2n ** 62n }), "no length or offset"],
    ["a buffer that is too short", "int64/nulls", (m) => buffer(m, 1, { length: 8n }), "needs"],
    ["a negative row count", "int64/nulls", (m) => node(m, 0, -1n), "negative"],
    ["a huge row count", "null/nulls", (m) => node(m, 0, 2n ** 40n), "claims"],
    ["columns of different lengths", "null/nulls", (m) => node(m, 0, 3n), "3 rows in a batch of 9"],
    ["offsets that go back", "utf8/nulls", (m) => word(m, 1, 4, 99), "goes backwards"],
    ["offsets that begin below 0", "list/nulls", (m) => word(m, 1, 0, -1), "goes backwards"],
    ["a last offset beyond the values", "utf8/nulls", (m) => word(m, 1, 36, 100_000), "needs"],
    ["a view outside its buffers", "utf8_view/nulls", (m) => word(m, 1, 4 * 16 + 12, 5000), "points outside"],
    ["a view of no buffer", "utf8_view/nulls", (m) => word(m, 1, 4 * 16 + 8, 7), "points outside"],
    ["a type that a union has not", "union-dense/nulls", (m) => word(m, 0, 0, 0x01010101), "has no type"],
    ["a union's offset outside its child", "union-dense/nulls", (m) => word(m, 1, 0, 77), "outside"],
    [
      "a key outside its dictionary",
      "dictionary-int32/nulls",
      (m) => word(m, 1, 0, 4),
      "is not in its dictionary of 4",
    ],
    ["a key below 0", "dictionary-int32/nulls", (m) => word(m, 1, 0, -1), "is not in its dictionary"],
    ["a key beyond 32 bits", "dictionary-int64/nulls", (m) => word(m, 1, 4, 1), "is not in its dictionary"],
    ["a list view outside its items", "list_view/nulls", (m) => word(m, 1, 0, 6), "reaches outside"],
    ["a negative list view", "list_view/nulls", (m) => word(m, 2, 0, -1), "reaches outside"],
    ["runs that go back", "run_end_encoded-32/nulls", (m) => word(m, 1, 4, 1), "ends before it begins"],
    ["runs that end early", "run_end_encoded-32/nulls", (m) => word(m, 1, 12, 7), "end before its 9 rows"],
    ["text that is not UTF-8", "utf8/nulls", (m) => word(m, 2, 0, -1), "not valid UTF-8"],
  ])("%s", async (_, name, spoil, message) => {
    const messages = (await messagesOf(golden(name).stream)).map((m) => ({
      header: m.header.slice(),
      body: m.body.slice(),
    }));
    spoil(messages.findLast((m) => readMessage(m.header).kind === "batch")!);
    const read = async (): Promise<unknown> => valuesOf((await decodeMessages(messages)).batches);
    await expect(read()).rejects.toThrow(message);
  });

  test("a key outside its dictionary is found before a table is made", async () => {
    const messages = (await messagesOf(golden("dictionary-int32/nulls").stream)).map((m) => ({
      header: m.header,
      body: m.body.slice(),
    }));
    word(messages.at(-1)!, 1, 0, 4);
    await expect(decodeMessages(messages)).rejects.toThrow("is not in its dictionary of 4");
  });

  test("messages in the wrong place", async () => {
    const [schema, dictionary, batch] = await messagesOf(golden("dictionary-int8/nulls").stream);
    await expect(decodeMessages([batch!])).rejects.toThrow("before its schema");
    await expect(decodeMessages([schema!, schema!])).rejects.toThrow("second schema");
    await expect(decodeMessages([schema!, batch!])).rejects.toThrow("never sent");
    const [other] = await messagesOf(golden("utf8/nulls").stream);
    await expect(decodeMessages([other!, dictionary!])).rejects.toThrow("belongs to no column");
    await expect(decodeMessages([other!, batch!])).rejects.toThrow(/buffer/);
    await expect(decodeMessages([{ header: new Uint8Array(4), body: new Uint8Array(0) }])).rejects.toThrow("too short");
  });

  test("schemas that nest without end, or say they are big-endian", async () => {
    // A list whose child is itself: field → children → the same field.
    const bytes = writeSchema((await decodeMessages(await messagesOf(golden("list/empty").stream))).schema);
    const view = new DataView(bytes.buffer);
    const message = 8 + view.getUint32(8, true);
    const slot = (table: number, n: number): number =>
      table + view.getUint16(table - view.getInt32(table, true) + 4 + 2 * n, true);
    const follow = (at: number): number => at + view.getUint32(at, true);
    const schema = follow(slot(message, 2));
    const first = follow(slot(schema, 1)) + 4;
    const children = follow(slot(follow(first), 5)) + 4;
    const cyclic = bytes.slice();
    new DataView(cyclic.buffer).setUint32(children, (follow(first) - children) >>> 0, true);
    expect(() => readSchema(cyclic)).toThrow(RangeError);

    const vtable = schema - view.getInt32(schema, true);
    const big = bytes.slice();
    // The vtable's entry for the endianness: pointed at a 16-bit 1, the version's, if the writer left it out.
    const one = [...bytes.keys()].find((at) => at > schema && view.getUint16(at, true) === 1 && at - schema < 2 ** 16)!;
    new DataView(big.buffer).setUint16(vtable + 4, one - schema, true);
    expect(() => readSchema(big)).toThrow("big-endian");
  });
});

function layoutOf(m: IpcMessage): {
  view: DataView;
  nodes: number;
  buffers: number;
  layout: { offset: number; length: number }[];
} {
  const table = batchTable(m.header)!;
  const read = readMessage(m.header);
  if (read.kind !== "batch") throw new Error("no batch");
  return {
    view: table.view,
    nodes: table.vector(1, 16).start,
    buffers: table.vector(2, 16).start,
    layout: [...read.layout.buffers],
  };
}

function buffer(m: IpcMessage, i: number, change: { offset?: bigint; length?: bigint }): void {
  const { view, buffers } = layoutOf(m);
  if (change.offset !== undefined) view.setBigInt64(buffers + i * 16, change.offset, true);
  if (change.length !== undefined) view.setBigInt64(buffers + i * 16 + 8, change.length, true);
}

function node(m: IpcMessage, i: number, length: bigint): void {
  const { view, nodes } = layoutOf(m);
  view.setBigInt64(nodes + i * 16, length, true);
}

/** Sets a 32-bit word in a buffer of a batch's body. */
function word(m: IpcMessage, i: number, at: number, value: number): void {
  const { layout } = layoutOf(m);
  new DataView(m.body.buffer, m.body.byteOffset).setInt32(layout[i]!.offset + at, value, true);
}
