import type { Batches } from "../batches.ts";
import { make } from "../page.ts";
import { pauses } from "../result/turns.ts";
import { type ChartColumn, type ChartSpec, chooseChart, type Mark } from "./choose.ts";
import { chartColumns } from "./columns.ts";
import { ChartControls } from "./controls.ts";
import { draw } from "./draw.ts";
import { type Drawing, drawingOf } from "./points.ts";

const CHARTS: Readonly<Record<Mark, string>> = {
  line: "Line chart",
  bar: "Bar chart",
  dot: "Dot chart",
  histogram: "Histogram",
};

/** Pixels that the names of the colours take above a drawing. */
const LEGEND = 44;

/** A drawing of a result: one that suits its columns, until somebody chooses another. */
export class ChartPanel {
  readonly element: HTMLElement = make("div", "chart-panel");
  readonly #drawn = make("div", "chart");
  readonly #caption = make("figcaption");
  readonly #figure = make("figure", "", this.#drawn, this.#caption);
  readonly #controls = new ChartControls((spec) => this.#become(spec));
  #batches: Batches | undefined;
  #columns: ChartColumn[] = [];
  #spec: ChartSpec | undefined;
  #drawing: Drawing | undefined;
  #work = new AbortController();
  #size = "";

  constructor() {
    this.element.append(this.#controls.element, this.#figure);
    new ResizeObserver(() => void this.#paint()).observe(this.#drawn);
  }

  /** Forgets the drawing; `refresh` makes the next one. */
  show(batches: Batches | undefined): void {
    this.#work.abort();
    this.#batches = batches;
    this.#spec = undefined;
    this.#drawing = undefined;
    this.#drawn.replaceChildren();
    this.#caption.textContent = "";
  }

  /** Draws the rows that are there now. */
  refresh(): void {
    if (!this.#batches) return;
    this.#columns = chartColumns(this.#batches);
    const choice = this.#spec ?? chooseChart(this.#columns, this.#batches.rowCount);
    if (typeof choice === "string") {
      this.#controls.element.hidden = true;
      this.#drawn.replaceChildren();
      this.#caption.textContent = choice;
    } else {
      this.#controls.element.hidden = false;
      this.#become(choice);
    }
  }

  #become(spec: ChartSpec): void {
    this.#spec = spec;
    this.#controls.show(this.#columns, spec);
    void this.#boil();
  }

  /** Boils the rows down to a drawing, unless another is asked for meanwhile. */
  async #boil(): Promise<void> {
    this.#work.abort();
    this.#work = new AbortController();
    const { signal } = this.#work;
    this.element.ariaBusy = "true";
    this.#caption.textContent = "Drawing…";
    try {
      this.#drawing = await drawingOf(this.#batches!, this.#spec!, pauses(signal));
      this.#size = "";
      await this.#paint();
    } catch (error) {
      if (signal.aborted) return;
      this.#drawn.replaceChildren();
      this.#caption.textContent = `This chart cannot be drawn: ${error instanceof Error ? error.message : error}`;
    }
    this.element.ariaBusy = "false";
  }

  async #paint(): Promise<void> {
    const [drawing, spec] = [this.#drawing, this.#spec];
    const { clientWidth: width, clientHeight } = this.#drawn;
    const size = `${width} ${clientHeight}`;
    if (!drawing || !spec || width === 0 || size === this.#size) return;
    this.#size = size;
    const xLabel = this.#columns[spec.x]!.name;
    const colorLabel = spec.color === undefined ? undefined : this.#columns[spec.color]!.name;
    const description = `${CHARTS[spec.mark]} of ${drawing.yLabel} by ${xLabel}${colorLabel ? `, coloured by ${colorLabel}` : ""}`;
    const height = Math.max(180, clientHeight - (colorLabel ? LEGEND : 0));
    const drawn = await draw(drawing, spec, { width, height, xLabel, colorLabel, description });
    if (this.#drawing !== drawing) return;
    this.#figure.ariaLabel = description;
    this.#drawn.replaceChildren(drawn);
    this.#caption.textContent = drawing.note === "" ? `${description}.` : `${description}. ${drawing.note}`;
  }
}
