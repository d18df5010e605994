import { type RecordBatch, type Schema, Table, tableFromIPC, tableToIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { codecLoader } from "../../src/arrow/codecs.ts";
import { decompressor } from "../../src/arrow/decompress.ts";
import type { IpcMessage } from "../../src/arrow/encode.ts";
import { IpcStreamWriter } from "../../src/arrow/ipc.ts";
import { type Golden, goldens } from "./golden/golden.ts";
import { decodeMessages, messagesOf, valuesOf } from "./streams.ts";

// Types that apache-arrow cannot open, or reads wrongly by itself: the reason for much of src/arrow.
const isBeyondApacheArrow = ({ name, type }: Golden): boolean =>
  /list_view|run_end_encoded/.test(type) || name.startsWith("framing/V4-union") || name === "dictionary/all-null";

describe.each(goldens)("$name", (golden) => {
  const { stream, batches, options } = golden;

  test("gives the values that pyarrow wrote", async () => {
    const decoded = await decodeMessages(await messagesOf(stream));
    expect(valuesOf(decoded.batches)).toEqual(batches);
    for (const [option, expected] of options) expect(valuesOf(decoded.batches, option)).toEqual(expected);
    // The column behind it counts rows: a buffer too many or too few would show here.
    for (const [b, counts] of valuesOf(decoded.batches, {}, 1).entries()) {
      expect(counts).toHaveLength(batches[b]!.length);
      expect(counts.every((n, i) => i === 0 || n === (counts[i - 1] as number) + 1)).toBe(true);
    }
  });

  test("makes a table that apache-arrow reads and writes", async () => {
    const { schema, batches: decoded } = await decodeMessages(await messagesOf(stream));
    const table = new Table(schema, decoded);
    const flat = batches.flat();
    expect(table.numRows).toBe(flat.length);
    const column = table.getChildAt(0)!;
    for (const [i, value] of flat.entries()) expect(column.get(i) === null, `row ${i} is null`).toBe(value === null);
    if (decoded.length === 0) return;
    expect(valuesOf(table.batches)).toEqual(batches);
    const again = tableFromIPC(tableToIPC(table));
    expect(valuesOf(again.batches).flat()).toEqual(flat);
  });

  test("passes through ipc() as bytes that apache-arrow reads", async () => {
    const messages = await messagesOf(stream);
    const plain = decompressor(codecLoader());
    const written = ipcOf(await Promise.all(messages.map(plain)));
    expect(valuesOf((await decodeMessages(await messagesOf(written))).batches)).toEqual(batches);
    if (!/^(lz4|zstd|framing\/legacy)|compressed/.test(golden.name)) expect(written).toEqual(stream);
    if (isBeyondApacheArrow(golden)) return;
    expect(valuesOf(tableFromIPC(written).batches).flat()).toEqual(batches.flat());
  });
});

test.each([1, 2, 4, 7])("headers and bodies may stand %i bytes off", async (shift) => {
  const shifted = (bytes: Uint8Array): Uint8Array => {
    const out = new Uint8Array(bytes.byteLength + shift);
    out.set(bytes, shift);
    return out.subarray(shift);
  };
  for (const { stream, batches } of goldens.filter(({ name }) => name.endsWith("/nulls"))) {
    const messages = (await messagesOf(stream)).map((m) => ({ header: shifted(m.header), body: shifted(m.body) }));
    expect(valuesOf((await decodeMessages(messages)).batches)).toEqual(batches);
  }
});

test("a stream under a Table keeps its schema when it is empty", async () => {
  const schemas: Schema[] = [];
  const none: RecordBatch[] = [];
  for (const { stream } of goldens.filter(({ name }) => name.endsWith("/empty"))) {
    const messages = await messagesOf(stream);
    const { schema } = await decodeMessages(messages.slice(0, 1));
    schemas.push(schema);
    expect(new Table(schema, none).schema).toBe(schema);
  }
  expect(schemas.length).toBeGreaterThan(60);
});

function ipcOf(messages: readonly IpcMessage[]): Uint8Array {
  const writer = new IpcStreamWriter();
  const parts = [...messages.flatMap((message) => writer.message(message)), writer.end()];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}
