import { createRequire } from "node:module";
import * as ours from "apache-arrow";
import { describe, expect, test } from "vitest";
import { isTable, toRecordBatches, toSchema } from "../../src/arrow/adopt.ts";
import { BatchEncoder } from "../../src/arrow/encode.ts";
import { goldens } from "./golden/golden.ts";
import { decodeMessages, valuesOf } from "./streams.ts";

// The CommonJS build has classes of its own: to this package it is a second copy, as applications bundle them.
const theirs = createRequire(import.meta.url)("apache-arrow") as typeof ours;

const openable = goldens.filter(
  ({ name, type }) =>
    !/list_view|run_end_encoded/.test(type) && !/^(lz4|zstd)\/|compressed|V4-union|dictionary\/all-null/.test(name),
);

test("the other copy is another one", () => {
  expect(theirs.Schema).not.toBe(ours.Schema);
  expect(openable.length).toBeGreaterThan(200);
});

describe.each(openable)("$name of another copy", ({ stream, batches }) => {
  const table = theirs.tableFromIPC(stream);

  test("is taken over as objects of ours", () => {
    expect(isTable(table)).toBe(true);
    const adopted = toRecordBatches(table)!;
    for (const batch of adopted) {
      expect(Object.getPrototypeOf(batch)).toBe(ours.RecordBatch.prototype);
      expect(Object.getPrototypeOf(batch.schema)).toBe(ours.Schema.prototype);
      for (const field of batch.schema.fields) expect(Object.getPrototypeOf(field)).toBe(ours.Field.prototype);
    }
    expect(valuesOf(adopted).flat()).toEqual(batches.flat());
  });

  test("is encoded, whole and sliced", async () => {
    const encoder = new BatchEncoder(table.schema);
    const parts = table.batches.flatMap((batch) => [batch, batch.slice(1, 3)]);
    const messages = [encoder.schema(), ...parts.flatMap((batch) => encoder.batch(batch))];
    const expected = table.batches.flatMap((_, b) => [batches[b]!, batches[b]!.slice(1, 3)]);
    expect(valuesOf((await decodeMessages(messages)).batches).flat()).toEqual(expected.flat());
    expect(toSchema(table.schema).fields.map(String)).toEqual(table.schema.fields.map(String));
  });
});
