import { Float64, Int32, Int64, makeVector, Utf8, vectorFromArray } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { rangeText } from "../../playground/result/copy.ts";
import { prettyJson } from "../../playground/result/pretty.ts";
import { RowView } from "../../playground/result/row-view.ts";
import { inRange, rangeOf } from "../../playground/result/selection.ts";
import { pauses } from "../../playground/result/turns.ts";
import { MOST_DISTINCT, summarize } from "../../playground/summary/summary.ts";
import { batchesOf, manyTypes } from "./result-sample.ts";

describe("a summary", () => {
  it("counts nulls and values, and has exact ends", async () => {
    const batches = batchesOf({ id: vectorFromArray([2n ** 63n - 1n, null, 5n, 5n, 2n ** 63n - 2n], new Int64()) }, 2);
    const summary = await summarize(batches, 0, pauses());
    expect(summary).toMatchObject({
      rows: 5,
      nulls: 1,
      distinct: 3,
      more: false,
      least: "5",
      greatest: "9223372036854775807",
    });
    expect(summary.histogram!.reduce((sum, rows) => sum + rows, 0)).toBe(4);
  });

  it("has the mean of what is a number, and the most frequent words", async () => {
    const batches = batchesOf({
      x: vectorFromArray([1, 2, Number.NaN, null, 6], new Float64()),
      word: vectorFromArray(["b", "a", "b", null, ""], new Utf8()),
    });
    expect((await summarize(batches, 0, pauses())).mean).toBe(3);
    expect(await summarize(batches, 1, pauses())).toMatchObject({
      nulls: 1,
      distinct: 3,
      least: "",
      greatest: "b",
      top: [
        ["b", 2],
        ["a", 1],
        ["", 1],
      ],
    });
  });

  it("stops telling values apart when they are too many", async () => {
    const rows = MOST_DISTINCT + 5;
    const batches = batchesOf({ n: makeVector(Int32Array.from({ length: rows }, (_, i) => i)) });
    const summary = await summarize(batches, 0, pauses());
    expect([summary.distinct, summary.more, summary.greatest]).toEqual([MOST_DISTINCT, true, String(rows - 1)]);
  });

  it("can be had of every type", async () => {
    const batches = batchesOf(manyTypes(), 2);
    for (const column of batches.schema.fields.keys()) {
      expect(await summarize(batches, column, pauses())).toMatchObject({ rows: 3, nulls: 1, distinct: 2 });
    }
  });
});

it("lays JSON out without touching its numbers", () => {
  expect(prettyJson('{"a":[9223372036854775807,{}],"b":"x, [y]: \\"z\\"","c":[]}')).toBe(
    '{\n  "a": [\n    9223372036854775807,\n    {}\n  ],\n  "b": "x, [y]: \\"z\\"",\n  "c": []\n}',
  );
  expect(prettyJson("[not json")).toBe("[not json");
  expect(prettyJson("12")).toBe("12");
});

it("copies a range as tab-separated text, in the order shown", () => {
  const rows = new RowView(
    batchesOf({ n: vectorFromArray([1, 2, null], new Int32()), t: vectorFromArray(["a", 'b\t"c"', "d"], new Utf8()) }),
  );
  const whole = { top: 0, bottom: 3, left: 0, right: 2 };
  expect(rangeText(rows, whole)).toBe('1\ta\n2\t"b\t""c"""\n\td');
  expect(rangeText(rows, whole, ["n", "t"])).toMatch(/^n\tt\n1\ta/);
  rows.order = Uint32Array.of(2, 0, 1);
  expect(rangeText(rows, { top: 0, bottom: 2, left: 0, right: 1 })).toBe("\n1");
  expect(rangeText(rows, { top: 2, bottom: 3, left: 1, right: 2 })).toBe('b\t"c"');
});

it("has a range from any corner to any other", () => {
  const range = rangeOf({ anchor: { row: 5, column: 1 }, focus: { row: 3, column: 4 } });
  expect(range).toEqual({ top: 3, bottom: 6, left: 1, right: 5 });
  expect([inRange(range, 5, 4), inRange(range, 6, 4), inRange(undefined, 0, 0)]).toEqual([true, false, false]);
});
