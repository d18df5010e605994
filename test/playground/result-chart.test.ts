import {
  Bool,
  DateDay,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  makeVector,
  Schema,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { describe, expect, it } from "vitest";
import { Batches } from "../../playground/batches.ts";
import { chooseChart } from "../../playground/chart/choose.ts";
import { chartColumns } from "../../playground/chart/columns.ts";
import { drawingOf, MOST_MARKS } from "../../playground/chart/points.ts";
import { stepsIn } from "../../playground/chart/steps.ts";
import { pauses } from "../../playground/result/turns.ts";
import { batchesOf } from "./result-sample.ts";

function chosen(batches: Batches): ReturnType<typeof chooseChart> {
  return chooseChart(chartColumns(batches), batches.rowCount);
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const days = (length: number) =>
  vectorFromArray(
    range(length).map((i) => new Date(i * 86_400_000)),
    new DateDay(),
  );
const words = (length: number, different: number) =>
  vectorFromArray(
    range(length).map((i) => `w${i % different}`),
    new Utf8(),
  );
const numbers = (length: number) => makeVector(Float64Array.from(range(length), (i) => Math.sin(i) * 10));

describe("the chart that suits columns", () => {
  it("is a line over time, coloured by few words, through means where times repeat", () => {
    expect(chosen(batchesOf({ word: words(40, 2), day: days(40), n: numbers(40) }))).toEqual({
      mark: "line",
      x: 1,
      y: 2,
      color: 0,
      aggregate: "none",
    });
    const same = vectorFromArray(
      range(40).map(() => new Date(0)),
      new DateDay(),
    );
    expect(chosen(batchesOf({ day: same, n: numbers(40) }))).toMatchObject({ mark: "histogram" });
    const repeated = vectorFromArray(
      range(40).map((i) => new Date((i % 5) * 86_400_000)),
      new DateDay(),
    );
    expect(chosen(batchesOf({ day: repeated, n: numbers(40) }))).toMatchObject({ mark: "line", aggregate: "mean" });
  });

  it("is a line over whole numbers that rise", () => {
    const hour = makeVector(Int32Array.from(range(24)));
    expect(chosen(batchesOf({ hour, n: numbers(24) }))).toMatchObject({ mark: "line", x: 0, y: 1, aggregate: "none" });
  });

  it("is bars for words and a number", () => {
    expect(chosen(batchesOf({ word: words(9, 9), n: numbers(9) }))).toMatchObject({ mark: "bar", aggregate: "none" });
    expect(chosen(batchesOf({ word: words(90, 9), n: numbers(90) }))).toMatchObject({ mark: "bar", aggregate: "mean" });
    expect(chosen(batchesOf({ word: words(90, 9) }))).toEqual({ mark: "bar", x: 0, aggregate: "count" });
  });

  it("is dots for two numbers and a histogram for one, whatever names the rows", () => {
    const id = vectorFromArray(
      range(90).map((i) => BigInt(1000 - i)),
      new Int64(),
    );
    expect(chosen(batchesOf({ user_id: id, a: numbers(90), b: numbers(90) }))).toMatchObject({
      mark: "dot",
      x: 1,
      y: 2,
    });
    expect(chosen(batchesOf({ user_id: id, a: numbers(90) }))).toMatchObject({ mark: "histogram", x: 1 });
    expect(chosen(batchesOf({ text: words(900, 900), a: numbers(900) }))).toMatchObject({ mark: "histogram", x: 1 });
  });

  it("is none, with words, for free text, lists and no rows", () => {
    const list = vectorFromArray([[1n], [2n]], new List(new Field("item", new Int64())));
    expect(chosen(batchesOf({ list }))).toContain("nothing to draw");
    expect(chosen(batchesOf({ text: words(900, 900) }))).toContain("nothing to draw");
    expect(chosen(new Batches(new Schema([new Field("n", new Int32())])))).toBe("There are no rows to draw.");
  });
});

describe("a drawing", () => {
  const rows = 100_000;
  const big = batchesOf(
    {
      at: vectorFromArray(
        range(rows).map((i) => i * 60_000),
        new TimestampMillisecond(),
      ),
      word: words(rows, 60),
      n: makeVector(Int32Array.from(range(rows), (i) => i % 100)),
      m: numbers(rows),
      ok: vectorFromArray(
        range(rows).map((i) => i % 2 === 0),
        new Bool(),
      ),
    },
    30_000,
  );
  const draw = (spec: Parameters<typeof drawingOf>[1]) => drawingOf(big, spec, pauses());

  it("of a long line goes through means in steps, and says so", async () => {
    const { points, note, yLabel } = await draw({ mark: "line", x: 0, y: 2, color: 4, aggregate: "none" });
    expect(points.length).toBeLessThanOrEqual(802);
    expect(new Set(points.map(({ color }) => color))).toEqual(new Set(["true", "false"]));
    expect(points.find(({ color, x }) => color === "true" && x === 0)!.y).toBeCloseTo((3 * 2450 + 870) / 180);
    expect([note, yLabel]).toEqual(["The mean of 100,000 rows in steps of 6 hours.", "n"]);
  });

  it("of bars sums up, largest first, and says how many there are", async () => {
    const sums = await draw({ mark: "bar", x: 1, y: 2, aggregate: "sum" });
    expect([sums.points.length, sums.note, sums.yLabel]).toEqual([40, "The 40 largest of 60 groups.", "sum of n"]);
    expect(sums.points.map(({ y }) => y)).toEqual(sums.points.map(({ y }) => y).sort((a, b) => b - a));
    const counts = await draw({ mark: "bar", x: 4, aggregate: "count" });
    expect(counts.points.map(({ x, y }) => [x, y]).sort()).toEqual([
      ["false", rows / 2],
      ["true", rows / 2],
    ]);
    const least = await draw({ mark: "bar", x: 4, y: 2, aggregate: "min" });
    expect(least.points.map(({ x, y }) => [x, y]).sort()).toEqual([
      ["false", 1],
      ["true", 0],
    ]);
  });

  it("of too many dots counts them in cells, or shows some when they have colours", async () => {
    const cells = await draw({ mark: "dot", x: 2, y: 3, aggregate: "none" });
    expect(cells.points.reduce((sum, { rows: inside }) => sum + inside!, 0)).toBe(rows);
    expect(cells.points.length).toBeLessThan(MOST_MARKS * 2);
    expect(cells.note).toContain("counted in cells");
    const sample = await draw({ mark: "dot", x: 2, y: 3, color: 1, aggregate: "none" });
    expect(sample.points.length).toBeLessThanOrEqual(MOST_MARKS);
    expect(sample.note).toBe("A sample: 4,000 of 100,000 rows.");
    expect(new Set(sample.points.map(({ color }) => color)).size).toBeLessThanOrEqual(12);
  });

  it("of a histogram counts every row once", async () => {
    const { points } = await draw({ mark: "histogram", x: 3, aggregate: "count" });
    expect(points.reduce((sum, { y }) => sum + y, 0)).toBe(rows);
    expect(points.length).toBeLessThanOrEqual(41);
    for (const { x, x2 } of points) expect(x2! > (x as number)).toBe(true);
  });

  it("leaves nulls and NaN out", async () => {
    const few = batchesOf({ a: vectorFromArray([1, null, Number.NaN, 3], new Float64()), b: numbers(4) });
    const dots = await drawingOf(few, { mark: "dot", x: 0, y: 1, aggregate: "none" }, pauses());
    expect(dots.points.map(({ x }) => x)).toEqual([1, 3]);
    const bins = await drawingOf(few, { mark: "histogram", x: 0, aggregate: "count" }, pauses());
    expect(bins.points.reduce((sum, { y }) => sum + y, 0)).toBe(2);
  });
});

it("cuts ranges into steps that people count by", () => {
  expect(stepsIn(0, 100, 40, false).width).toBe(5);
  expect(stepsIn(0, 1, 40, false).width).toBeCloseTo(0.05);
  expect(stepsIn(0, 365 * 86_400_000, 400, true)).toEqual({ width: 86_400_000, name: "1 day" });
  expect(stepsIn(7, 7, 40, false).width).toBe(1);
});
