import type { Kind } from "../result/numbers-of.ts";

export type Mark = "line" | "bar" | "dot" | "histogram";
export type Aggregate = "none" | "count" | "sum" | "mean" | "min" | "max";

/** What a chart shows. Columns by their place in the result. */
export interface ChartSpec {
  mark: Mark;
  x: number;
  /** Not in histograms, nor where rows are counted. */
  y?: number | undefined;
  /** A column of few values, each of which gets a colour. */
  color?: number | undefined;
  aggregate: Aggregate;
}

/** A column as the choice of a chart sees it. */
export interface ChartColumn {
  name: string;
  kind: Kind;
  /** Different values among `sampled` of the rows. */
  distinct: number;
  sampled: number;
  /** Whole numbers that go up from row to row, as the x of an ordered query does. */
  rising: boolean;
}

/** Values a column may have to give each its colour. */
export const MOST_COLORS = 12;

/** Values a column of text may have to be groups rather than free text. */
const MOST_GROUPS = 100;

/** A chart that suits the columns; or words why none does. */
export function chooseChart(columns: readonly ChartColumn[], rows: number): ChartSpec | string {
  if (rows === 0) return "There are no rows to draw.";
  const all = columns.map((column, index) => ({ ...column, index }));
  const numbers = all.filter(({ kind, name }) => kind === "number" && !isKey(name));
  const groups = all.filter((column) => column.kind === "category" && isGrouping(column));
  const colors = groups.filter(({ distinct }) => distinct > 1 && distinct <= MOST_COLORS);
  const time = all.find(({ kind, distinct }) => kind === "time" && distinct > 1);
  const rising = all.find((column) => column.rising && column.kind === "number" && numbers.length > 1);
  const x = time ?? rising;
  const amount = numbers.find((column) => column !== x && column.index !== x?.index);
  if (x && amount) {
    const color = colors[0];
    const isRepeated = x.distinct * (color?.distinct ?? 1) < x.sampled * 0.9;
    const aggregate = isRepeated ? "mean" : "none";
    return { mark: "line", x: x.index, y: amount.index, color: color?.index, aggregate };
  }
  const group = groups[0];
  if (group && amount) {
    const aggregate = group.distinct < group.sampled ? "mean" : "none";
    return { mark: "bar", x: group.index, y: amount.index, aggregate };
  }
  if (numbers[0] && numbers[1]) return { mark: "dot", x: numbers[0].index, y: numbers[1].index, aggregate: "none" };
  if (numbers[0]) return { mark: "histogram", x: numbers[0].index, aggregate: "count" };
  if (group) return { mark: "bar", x: group.index, aggregate: "count" };
  if (time) return { mark: "histogram", x: time.index, aggregate: "count" };
  return "No column here is a number, a time, or a text of few different values: there is nothing to draw.";
}

/** Numbers that only name a row say nothing by their size. */
function isKey(name: string): boolean {
  return /^(id|key|rowid)$|(_id|_key|Id|ID)$/.test(name);
}

function isGrouping({ distinct, sampled }: ChartColumn): boolean {
  return distinct <= MOST_GROUPS && (distinct <= 20 || distinct < sampled / 2 || sampled <= 50);
}
