import type { Batches } from "../batches.ts";
import { count } from "../numbers.ts";
import { kindOf, numbersOf } from "../result/numbers-of.ts";
import type { Pause } from "../result/turns.ts";
import type { ChartSpec } from "./choose.ts";
import { fewest, type Groups, groupsOf } from "./columns.ts";
import { extent, stepsIn } from "./steps.ts";
import { Tally } from "./tally.ts";

/** One thing to draw. Times are numbers of milliseconds here. */
export interface Point {
  x: number | string;
  /** The end of a bin. */
  x2?: number;
  y: number;
  y2?: number;
  color?: string;
  /** Rows in a cell, where dots are too many to draw. */
  rows?: number;
}

/** What of a result is drawn: never more than some thousand things, however many rows there are. */
export interface Drawing {
  points: Point[];
  /** Whether x is a time. */
  isTime: boolean;
  yLabel: string;
  /** How the rows were made fewer, for people; empty when each is drawn. */
  note: string;
}

/** Marks that are drawn one by one; beyond it rows are summed up or sampled. */
export const MOST_MARKS = 4000;
const MOST_BARS = 40;
const MOST_STEPS = 400;
const BINS = 40;
const CELLS_ACROSS = 80;
const CELLS_DOWN = 50;
/** Rows looked at without a pause. */
const STEP = 32_768;

/** Boils a result down to what a chart draws of it. */
export async function drawingOf(batches: Batches, spec: ChartSpec, pause: Pause): Promise<Drawing> {
  const { fields } = batches.schema;
  const isTime = kindOf(fields[spec.x]!.type) === "time";
  const yName = spec.y === undefined ? undefined : fields[spec.y]!.name;
  const ys = spec.y === undefined ? undefined : await numbersOf(batches, spec.y, pause);
  const label = spec.aggregate === "count" || !yName ? "rows" : yName;
  const yLabel = spec.aggregate === "none" || label === "rows" ? label : `${spec.aggregate} of ${yName}`;
  const base = { isTime, yLabel };
  if (spec.mark === "bar") {
    const groups = await groupsOf(batches, spec.x, pause);
    const isName = kindOf(fields[spec.x]!.type) === "category";
    return { ...base, ...(await bars(groups, isName, ys, await colorsOf(batches, spec, pause), spec, pause)) };
  }
  const xs = await numbersOf(batches, spec.x, pause);
  if (spec.mark === "histogram") return { ...base, yLabel: "rows", ...(await bins(xs, isTime, pause)) };
  if (!ys) return { ...base, points: [], note: "Choose a column for y." };
  const colors = await colorsOf(batches, spec, pause);
  if (spec.mark === "line") return { ...base, ...(await line(xs, ys, colors, isTime, spec, pause)) };
  if (xs.length > MOST_MARKS && !colors) return { ...base, yLabel: yName!, ...(await cells(xs, ys, pause)) };
  return { ...base, yLabel: yName!, ...dots(xs, ys, colors) };
}

async function colorsOf(batches: Batches, { color }: ChartSpec, pause: Pause): Promise<Groups | undefined> {
  return color === undefined ? undefined : fewest(await groupsOf(batches, color, pause));
}

type Drawn = Pick<Drawing, "points" | "note">;

async function bins(xs: Float64Array, isTime: boolean, pause: Pause): Promise<Drawn> {
  const range = extent(xs);
  if (!range) return { points: [], note: "No row has a number here." };
  const { width } = stepsIn(...range, BINS, isTime);
  const first = Math.floor(range[0] / width);
  const counts = new Float64Array(Math.floor(range[1] / width) - first + 1);
  for (let row = 0; row < xs.length; row++) {
    if (row % STEP === 0) await pause();
    if (Number.isFinite(xs[row])) counts[Math.floor(xs[row]! / width) - first]!++;
  }
  const points = Array.from(counts, (y, i) => ({ x: (first + i) * width, x2: (first + i + 1) * width, y }));
  return { points, note: "" };
}

async function bars(
  groups: Groups,
  isName: boolean,
  ys: Float64Array | undefined,
  colors: Groups | undefined,
  { aggregate }: ChartSpec,
  pause: Pause,
): Promise<Drawn> {
  const series = colors?.names.length ?? 1;
  const tally = new Tally(groups.names.length * series);
  for (let row = 0; row < groups.ids.length; row++) {
    if (row % STEP === 0) await pause();
    const group = groups.ids[row]!;
    const color = colors ? colors.ids[row]! : 0;
    const y = ys ? ys[row]! : 1;
    if (group >= 0 && color >= 0 && !Number.isNaN(y)) tally.add(group * series + color, y);
  }
  const measure = ys ? aggregate : "count";
  const size = (group: number): number => {
    let sum = 0;
    for (let s = 0; s < series; s++) sum += Math.abs(tally.get(group * series + s, measure) || 0);
    return sum;
  };
  const order = groups.names.map((_, group) => group);
  const sizes = order.map(size);
  order.sort((a, b) => sizes[b]! - sizes[a]!);
  const shown = order.slice(0, MOST_BARS);
  // What has an order of its own keeps it.
  if (!isName) shown.sort((a, b) => compareNames(groups.names[a]!, groups.names[b]!));
  const points = shown.flatMap((group) =>
    Array.from({ length: series }, (_, s) => ({
      x: groups.names[group]!,
      y: tally.get(group * series + s, measure),
      ...(colors && { color: colors.names[s]! }),
    })).filter(({ y }) => Number.isFinite(y)),
  );
  const note = order.length > MOST_BARS ? `The ${MOST_BARS} largest of ${count(order.length)} groups.` : "";
  return { points, note };
}

function compareNames(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : 1);
}

async function line(
  xs: Float64Array,
  ys: Float64Array,
  colors: Groups | undefined,
  isTime: boolean,
  { aggregate }: ChartSpec,
  pause: Pause,
): Promise<Drawn> {
  const range = extent(xs);
  if (!range) return { points: [], note: "No row has a place on the x axis." };
  if (aggregate === "none" && xs.length <= MOST_MARKS) {
    const { points } = dots(xs, ys, colors);
    return { points: points.sort((a, b) => (a.x as number) - (b.x as number)), note: "" };
  }
  const { width, name } = await placesFor(xs, range, isTime, pause);
  const first = Math.floor(range[0] / width);
  const places = Math.floor(range[1] / width) - first + 1;
  const series = colors?.names.length ?? 1;
  const tally = new Tally(places * series);
  for (let row = 0; row < xs.length; row++) {
    if (row % STEP === 0) await pause();
    const x = xs[row]!;
    const color = colors ? colors.ids[row]! : 0;
    if (!Number.isFinite(x) || Number.isNaN(ys[row]) || color < 0) continue;
    tally.add((Math.floor(x / width) - first) * series + color, ys[row]!);
  }
  // One line through so many rows would be a blot: it goes through their means.
  const measure = aggregate === "none" ? "mean" : aggregate;
  const points: Point[] = [];
  for (let place = 0; place < places; place++) {
    for (let s = 0; s < series; s++) {
      const y = tally.get(place * series + s, measure);
      if (tally.get(place * series + s, "count") === 0) continue;
      points.push({ x: (first + place) * width, y, ...(colors && { color: colors.names[s]! }) });
    }
  }
  const step = name ?? `${width}`;
  return {
    points,
    note: `${measure === "count" ? "Rows" : `The ${measure} of ${count(xs.length)} rows`} in steps of ${step}.`,
  };
}

/** Steps of a line's x: each different value by itself when they are few and even, else as wide as fits the drawing. */
async function placesFor(
  xs: Float64Array,
  [low, high]: [number, number],
  isTime: boolean,
  pause: Pause,
): Promise<{ width: number; name?: string }> {
  const seen = new Set<number>();
  for (let row = 0; row < xs.length && seen.size <= MOST_STEPS; row++) {
    if (row % STEP === 0) await pause();
    if (Number.isFinite(xs[row])) seen.add(xs[row]!);
  }
  if (!isTime && seen.size <= MOST_STEPS && high - low <= 2 * MOST_STEPS && [...seen].every(Number.isInteger)) {
    return { width: 1 };
  }
  return stepsIn(low, high, MOST_STEPS, isTime);
}

function dots(xs: Float64Array, ys: Float64Array, colors: Groups | undefined): Drawn {
  const stride = Math.ceil(xs.length / MOST_MARKS);
  const points: Point[] = [];
  for (let row = 0; row < xs.length; row += stride) {
    const id = colors?.ids[row] ?? 0;
    if (!Number.isFinite(xs[row]) || !Number.isFinite(ys[row]) || id < 0) continue;
    points.push({ x: xs[row]!, y: ys[row]!, ...(colors && { color: colors.names[id]! }) });
  }
  const note = stride > 1 ? `A sample: ${count(points.length)} of ${count(xs.length)} rows.` : "";
  return { points, note };
}

/** Too many dots to tell apart: how many rows lie in each cell of a raster. */
async function cells(xs: Float64Array, ys: Float64Array, pause: Pause): Promise<Drawn> {
  const [across, down] = [extent(xs), extent(ys)];
  if (!across || !down) return { points: [], note: "No row has both numbers." };
  const width = stepsIn(...across, CELLS_ACROSS, false).width;
  const height = stepsIn(...down, CELLS_DOWN, false).width;
  const left = Math.floor(across[0] / width);
  const low = Math.floor(down[0] / height);
  const columns = Math.floor(across[1] / width) - left + 1;
  const counts = new Float64Array(columns * (Math.floor(down[1] / height) - low + 1));
  for (let row = 0; row < xs.length; row++) {
    if (row % STEP === 0) await pause();
    const [x, y] = [xs[row]!, ys[row]!];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    counts[(Math.floor(y / height) - low) * columns + Math.floor(x / width) - left]!++;
  }
  const points: Point[] = [];
  counts.forEach((rows, cell) => {
    if (rows === 0) return;
    const x = (left + (cell % columns)) * width;
    const y = (low + Math.floor(cell / columns)) * height;
    points.push({ x, x2: x + width, y, y2: y + height, rows });
  });
  return { points, note: `${count(xs.length)} rows, counted in cells: the stronger the colour, the more of them.` };
}
