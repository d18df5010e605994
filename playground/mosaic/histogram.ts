import type { Selection } from "@uwdata/mosaic-core";
import type { ExprNode } from "@uwdata/mosaic-sql";
import * as vg from "@uwdata/vgplot";

/** One measure of the table, and how its histogram looks. */
export interface Measure {
  readonly title: string;
  readonly column: string | ExprNode;
  readonly step: number;
  /** What is drawn. What lies outside is counted, but seen only in the number above. */
  readonly domain: readonly [from: number, to: number];
  readonly ticks: readonly number[];
  readonly unit: string;
  readonly tickFormat?: ((value: number) => string) | undefined;
  /** A range in the measure's own words; what of the data lies in it must be what they say. */
  range(from: number, to: number): string;
}

const HEIGHT = 260;
const thousands = (n: number): string => (n === 0 ? "0" : `${n / 1000}k`);

/** The histogram of a measure: all rows in grey, those that the other histograms leave in front of them. */
export function histogram(table: string, measure: Measure, brush: Selection): HTMLElement {
  const { title, column, step, domain, ticks, unit, tickFormat } = measure;
  const width = vg.Param.value(400);
  const bars = (filter: object, options: object) =>
    vg.rectY(vg.from(table, filter), {
      x: vg.bin(column, { step }),
      y: vg.count(),
      insetLeft: 0.5,
      insetRight: 0.5,
      clip: true,
      ...options,
    });
  const chart: HTMLElement = vg.plot(
    bars({}, { fill: "var(--all)" }),
    bars({ filterBy: brush }, { fill: "var(--accent)", tip: { format: { x: tickFormat ?? true } } }),
    vg.intervalX({ as: brush, brush: { fill: "var(--accent)", fillOpacity: 0.12, stroke: "var(--accent)" } }),
    vg.xDomain(domain),
    // The largest bar of all rows: brushing must not move the scale under what it compares.
    vg.yDomain(vg.Fixed),
    // The labels are the tooltip's: the axes need none under a title.
    vg.axisX({ label: null, ticks, tickFormat }),
    vg.axisY({ label: null, ticks: 4, tickFormat: thousands }),
    vg.xLabel(unit),
    vg.yLabel("Flights"),
    vg.marginLeft(36),
    vg.marginRight(8),
    vg.marginTop(12),
    vg.marginBottom(24),
    vg.width(width),
    vg.height(HEIGHT),
  );
  chart.classList.add("chart");
  // A click would pin Plot's tooltip, and each brush begins with one. The brush itself listens for mousedown.
  chart.addEventListener("pointerdown", (event) => event.stopPropagation(), { capture: true });

  const caption = document.createElement("figcaption");
  const heading = document.createElement("h2");
  heading.textContent = title;
  const range = document.createElement("output");
  range.className = "range";
  caption.append(heading, range);
  const figure = document.createElement("figure");
  figure.append(caption, chart);

  brush.addEventListener("value", () => {
    const own = brush.clauses.find(({ source }) => isOf(chart, source));
    const value = own?.value as [number, number] | undefined;
    range.textContent = value ? measure.range(...value) : "all";
    range.toggleAttribute("data-narrowed", value !== undefined);
  });
  range.textContent = "all";
  new ResizeObserver(() => {
    const inner = chart.clientWidth;
    if (inner > 0 && inner !== width.value) width.update(inner);
  }).observe(chart);
  return figure;
}

/** Whether a clause of the selection comes from this chart's brush. */
function isOf(chart: HTMLElement, source: unknown): boolean {
  return (source as { mark?: { plot?: { element?: unknown } } } | null)?.mark?.plot?.element === chart;
}
