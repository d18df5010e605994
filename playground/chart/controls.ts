import { labelled, make } from "../page.ts";
import type { Aggregate, ChartColumn, ChartSpec, Mark } from "./choose.ts";

const MARKS: readonly [Mark, string][] = [
  ["line", "Line"],
  ["bar", "Bars"],
  ["dot", "Dots"],
  ["histogram", "Histogram"],
];

const AGGREGATES: readonly [Aggregate, string][] = [
  ["none", "each row"],
  ["count", "count"],
  ["sum", "sum"],
  ["mean", "mean"],
  ["min", "least"],
  ["max", "greatest"],
];

/** What a chart shows, to be chosen: its mark, its columns, how rows are summed up. */
export class ChartControls {
  readonly element: HTMLElement = make("div", "chart-controls");
  readonly #mark = make("select");
  readonly #x = make("select");
  readonly #y = make("select");
  readonly #color = make("select");
  readonly #aggregate = make("select");
  #columns: readonly ChartColumn[] = [];

  constructor(change: (spec: ChartSpec) => void) {
    this.element.role = "group";
    this.element.ariaLabel = "Chart";
    this.element.append(
      labelled("Mark", this.#mark),
      labelled("x", this.#x),
      labelled("y", this.#y),
      labelled("Colour", this.#color),
      labelled("Value", this.#aggregate),
    );
    this.element.addEventListener("change", () => change(this.#chosen()));
  }

  show(columns: readonly ChartColumn[], spec: ChartSpec): void {
    this.#columns = columns;
    fill(this.#mark, MARKS, spec.mark);
    fill(this.#x, columnsOf(columns, xKinds(spec.mark)), String(spec.x));
    fill(this.#y, [["", "rows"], ...columnsOf(columns, ["number"])], String(spec.y ?? ""));
    fill(this.#color, [["", "none"], ...columnsOf(columns, ["category", "number"])], String(spec.color ?? ""));
    fill(this.#aggregate, AGGREGATES, spec.aggregate);
    const isHistogram = spec.mark === "histogram";
    this.#y.disabled = isHistogram;
    this.#color.disabled = isHistogram;
    this.#aggregate.disabled = isHistogram || spec.mark === "dot";
  }

  /** What the selects say, made possible: a mark may not go with a column that another one had. */
  #chosen(): ChartSpec {
    const mark = this.#mark.value as Mark;
    const aggregate = this.#aggregate.value as Aggregate;
    const place = (select: HTMLSelectElement): number | undefined =>
      select.value === "" ? undefined : Number(select.value);
    const x = this.#fitting(place(this.#x), xKinds(mark)) ?? 0;
    if (mark === "histogram") return { mark, x, aggregate: "count" };
    const y = place(this.#y);
    const color = place(this.#color);
    if (mark === "bar" && y === undefined) return { mark, x, color, aggregate: "count" };
    return { mark, x, y: this.#fitting(y, ["number"], x), color, aggregate: mark === "dot" ? "none" : aggregate };
  }

  /** The column, or the first that is of one of the kinds. */
  #fitting(column: number | undefined, kinds: readonly string[], except?: number): number | undefined {
    if (column !== undefined && kinds.includes(this.#columns[column]!.kind)) return column;
    const fits = this.#columns.map(({ kind }, index) => kinds.includes(kind) && index !== except);
    return fits.includes(true) ? fits.indexOf(true) : column;
  }
}

function xKinds(mark: Mark): readonly string[] {
  return mark === "bar" ? ["category", "number", "time"] : ["time", "number"];
}

function columnsOf(columns: readonly ChartColumn[], kinds: readonly string[]): [string, string][] {
  return columns.flatMap(({ name, kind }, index) =>
    kinds.includes(kind) ? [[String(index), name] as [string, string]] : [],
  );
}

function fill(select: HTMLSelectElement, choices: readonly (readonly [string, string])[], chosen: string): void {
  select.replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === chosen)));
}
