import {
  Dictionary,
  Field,
  Int8,
  Int16,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchEncoder, type IpcMessage } from "../../src/arrow/encode.ts";
import { readMessage } from "../../src/arrow/message.ts";
import { FlightSqlError } from "../../src/errors.ts";
import { type Drawn, drawBatches, exact, flatColumns, unknownToPyarrow } from "./arbitrary.ts";
import { decodeMessages, rowsOf, valuesOf } from "./streams.ts";

const seed = 20_261_122;

test("what is encoded is what is decoded, whole and sliced", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(drawBatches([...flatColumns, ...unknownToPyarrow]), async ({ batches, rows }) => {
      expect(rowsOf(batches, exact)).toEqual(rows);
      expect(rowsOf((await decodeMessages(encode({ batches, rows }))).batches, exact)).toEqual(rows);
    }),
    { seed, numRuns: 400 },
  );
});

describe("batches that differ from their stream", () => {
  test("are refused, not dropped", () => {
    const encoder = new BatchEncoder(new Schema([new Field("a", new Int32(), true)]));
    for (const other of [
      tableFromArrays({ b: Int32Array.of(1) }),
      tableFromArrays({ a: Float64Array.of(1) }),
      new Table({}),
    ]) {
      const batch = other.batches[0] ?? new RecordBatch(other.schema);
      expect(() => encoder.batch(batch)).toThrow(FlightSqlError);
      expect(() => encoder.batch(batch)).toThrow("cannot go into a stream of {a: Int32}");
    }
    // And the stream goes on.
    expect(encoder.batch(tableFromArrays({ a: Int32Array.of(1) }).batches[0]!)).toHaveLength(1);
  });

  test("of no rows, as apache-arrow reads a stream without batches, are written", async () => {
    const schema = new Schema([
      new Field("a", new Int32(), true),
      new Field("d", new Dictionary(new Utf8(), new Int32()), true),
    ]);
    const { batches } = tableFromIPC(tableToIPC(new Table(schema), "stream"));
    expect(batches.map((batch) => batch.constructor === RecordBatch)).toEqual([false]);
    const decoded = await decodeMessages(encode({ batches, rows: [] }));
    expect(decoded.batches.map(({ numRows }) => numRows)).toEqual([0]);
  });

  test("may number their dictionaries as they like", async () => {
    // Each call gives its dictionary the next free number.
    const batches = [["a", "b"], ["b", "c", null], ["a"]].map((values) => {
      return new Table({ c: vectorFromArray(values, new Dictionary(new Utf8(), new Int8())) }).batches[0]!;
    });
    expect(new Set(batches.map((b) => (b.schema.fields[0]!.type as Dictionary).id)).size).toBe(3);
    expect(await written(batches)).toEqual([["a", "b"], ["b", "c", null], ["a"]]);
  });

  test("may differ in what they say of their fields", async () => {
    const strict = new Schema([new Field("a", new Int32(), false, new Map([["k", "v"]]))]);
    const encoder = new BatchEncoder(strict);
    const messages = [encoder.schema(), ...encoder.batch(tableFromArrays({ a: Int32Array.of(7) }).batches[0]!)];
    const { schema, batches } = await decodeMessages(messages);
    expect(schema.fields[0]).toMatchObject({ nullable: false, metadata: new Map([["k", "v"]]) });
    expect(valuesOf(batches)).toEqual([[7]]);
  });
});

describe("dictionaries", () => {
  const type = new Dictionary(new Utf8(), new Int16(), 7);
  const words = (...values: string[]): Vector<Utf8> => vectorFromArray(values, new Utf8());
  const schema = new Schema([new Field("c", type, true)]);
  const batchOf = (dictionary: Vector, ...keys: number[]): RecordBatch => {
    const child = makeData({ type, length: keys.length, nullCount: 0, data: Int16Array.from(keys), dictionary });
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length: keys.length, nullCount: 0, children: [child] }),
    );
  };
  const base = words("a", "b");

  test("are sent once, then as deltas, then replaced", async () => {
    const grown = base.concat(words("c"));
    const batches = [batchOf(base, 0, 1), batchOf(base, 1), batchOf(grown, 2, 0), batchOf(words("x"), 0)];
    expect(kinds(batches)).toEqual(["new", "batch", "batch", "delta", "batch", "new", "batch"]);
    expect(await written(batches)).toEqual([["a", "b"], ["b"], ["c", "a"], ["x"]]);
  });

  test("that begin alike and go on differently are replaced", async () => {
    const batches = [batchOf(base.concat(words("c")), 2), batchOf(base.concat(words("d")), 2, 0), batchOf(base, 1)];
    expect(await written(batches)).toEqual([["c"], ["d", "a"], ["b"]]);
  });

  test("that are slices are written as what they show", async () => {
    expect(await written([batchOf(words("a", "b", "c", "d").slice(2), 1, 0)])).toEqual([["d", "c"]]);
  });
});

test("a batch keeps its metadata", async () => {
  const batch = tableFromArrays({ a: Int32Array.of(1) }).batches[0]!;
  const noted = new RecordBatch(batch.schema, batch.data, new Map([["k", "of the batch"]]));
  const encoder = new BatchEncoder(batch.schema);
  const { batches } = await decodeMessages([encoder.schema(), ...encoder.batch(noted)]);
  expect(batches[0]!.metadata).toEqual(new Map([["k", "of the batch"]]));
});

function kinds(batches: readonly RecordBatch[]): string[] {
  const encoder = new BatchEncoder(batches[0]!.schema);
  return batches.flatMap((batch) =>
    encoder.batch(batch).map(({ header }) => {
      const message = readMessage(header);
      return message.kind === "dictionary" ? (message.isDelta ? "delta" : "new") : message.kind;
    }),
  );
}

async function written(batches: readonly RecordBatch[]): Promise<unknown[][]> {
  return valuesOf((await decodeMessages(encode({ batches, rows: [] }))).batches);
}

function encode({ batches }: Drawn): IpcMessage[] {
  const encoder = new BatchEncoder(batches[0]!.schema);
  return [encoder.schema(), ...batches.flatMap((batch) => encoder.batch(batch))];
}
