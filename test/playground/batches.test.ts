import { Field, Int32, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import { expect, it } from "vitest";
import { Batches } from "../../playground/batches.ts";

const schema = new Schema([new Field("n", new Int32())]);

function numbers(from: number, to: number): RecordBatch {
  const child = makeData({ type: new Int32(), data: Int32Array.from({ length: to - from }, (_, i) => from + i) });
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: to - from, nullCount: 0, children: [child] }));
}

function at(batches: Batches, row: number): number | undefined {
  const place = batches.at(row, 0);
  return place && (place.data.values as Int32Array)[place.index];
}

it("finds every row of uneven batches, in any order, while they grow", () => {
  const batches = new Batches(schema);
  expect(batches.at(0, 0)).toBeUndefined();
  for (const [from, to] of [
    [0, 3],
    [3, 3],
    [3, 4],
    [4, 100],
    [100, 101],
  ] as const) {
    batches.push(numbers(from, to));
    expect(batches.rowCount).toBe(to);
    for (let row = 0; row < to; row++) expect(at(batches, row)).toBe(row);
  }
  for (const row of [100, 0, 3, 2, 99, 4, 50, 1, 100]) expect(at(batches, row)).toBe(row);
});

it("has nothing outside its rows and columns", () => {
  const batches = new Batches(schema);
  batches.push(numbers(0, 5));
  expect(batches.at(-1, 0)).toBeUndefined();
  expect(batches.at(5, 0)).toBeUndefined();
  expect(batches.at(0, 1)).toBeUndefined();
});
