import type { ChartSpec } from "./choose.ts";
import type { Drawing, Point } from "./points.ts";

export interface Frame {
  width: number;
  height: number;
  xLabel: string;
  colorLabel: string | undefined;
  /** What a screen reader says of the drawing. */
  description: string;
}

/** Letters of a name that stand under its bar. */
const NAME_LETTERS = 14;

/** `1.2K`, `45M`: room at the side is small. */
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

const ONE_COLOR = "var(--accent)";

/** Draws with Observable Plot, which is loaded by the first drawing. Lines and letters have the page's colours. */
export async function draw(drawing: Drawing, spec: ChartSpec, frame: Frame): Promise<Element> {
  const Plot = await import("@observablehq/plot");
  const { points, isTime, yLabel } = drawing;
  const time = (value: number | string): number | string | Date => (isTime ? new Date(value) : value);
  const x = (point: Point) => time(point.x);
  const isColored = spec.color !== undefined && points.some(({ color }) => color !== undefined);
  const color = isColored ? "color" : ONE_COLOR;
  const most = points.reduce((top, { rows = 0 }) => Math.max(top, rows), 1);
  const interval = { x1: x, x2: (point: Point) => time(point.x2!) };
  const marks = {
    line: () => [
      Plot.lineY(points, { x, y: "y", stroke: color, ...(isColored && { z: "color" }), strokeWidth: 1.5, tip: "x" }),
      ...(points.length <= 60 ? [Plot.dot(points, { x, y: "y", fill: color, r: 2.5 })] : []),
    ],
    bar: () => [Plot.ruleY([0]), Plot.barY(points, { x: "x", y: "y", fill: color, tip: true, inset: 0.5 })],
    histogram: () => [
      Plot.ruleY([0]),
      Plot.rectY(points, { ...interval, y: "y", fill: ONE_COLOR, inset: 0.5, tip: true }),
    ],
    dot: () => [
      points[0]?.rows === undefined
        ? Plot.dot(points, { x, y: "y", stroke: color, strokeOpacity: 0.7, r: 2.5, tip: true })
        : Plot.rect(points, {
            ...interval,
            y1: "y",
            y2: "y2",
            fill: ONE_COLOR,
            // By its root, or all but the fullest cells would be invisible.
            fillOpacity: ({ rows }: Point) => 0.06 + 0.94 * Math.sqrt(rows! / most),
            channels: { rows: "rows" },
            tip: true,
          }),
    ],
  };
  const isCrowded = spec.mark === "bar" && new Set(points.map(({ x }) => x)).size > frame.width / 70;
  const longest = points.reduce((length, { x }) => Math.max(length, String(x).length), 0);
  // Names at a slant take room by their length; below them is that of the axis.
  const marginBottom = isCrowded ? 42 + 5 * Math.min(longest, NAME_LETTERS) : 50;
  const figure = Plot.plot({
    width: frame.width,
    height: frame.height,
    marginLeft: 64,
    marginRight: 24,
    marginTop: 28,
    marginBottom,
    figure: false,
    ariaLabel: frame.description,
    style: { background: "none", color: "inherit", font: "12px var(--ui)" },
    x: {
      label: frame.xLabel,
      labelOffset: marginBottom - 6,
      type: spec.mark === "bar" ? "band" : isTime ? "utc" : "linear",
      ...(spec.mark === "bar" && { domain: [...new Set(points.map(({ x }) => x as string))] }),
      ...(isCrowded && { tickRotate: -45 }),
      ...(spec.mark === "bar" && {
        tickFormat: (name: string) => (name.length > NAME_LETTERS ? `${name.slice(0, NAME_LETTERS - 1)}…` : name),
      }),
    },
    y: { label: yLabel, grid: true, tickFormat: (value: number) => SHORT.format(value), nice: true },
    opacity: { type: "identity" },
    ...(isColored && {
      color: { legend: false, scheme: "observable10", domain: colorDomain(points), label: frame.colorLabel ?? null },
    }),
    marks: marks[spec.mark](),
  });
  figure.role = "img";
  // Plot names its groups of marks, which says nothing more than the description does.
  for (const part of figure.children) part.ariaHidden = "true";
  if (!isColored) return figure;
  const legend = figure.legend("color", { width: frame.width });
  const whole = document.createElement("div");
  if (legend) whole.append(legend);
  whole.append(figure);
  return whole;
}

function colorDomain(points: readonly Point[]): string[] {
  return [...new Set(points.flatMap(({ color }) => color ?? []))].sort((a, b) =>
    a === "others" ? 1 : b === "others" ? -1 : a < b ? -1 : 1,
  );
}
