import type { RecordBatch, Schema } from "apache-arrow";
import { Batches } from "./batches.ts";
import { ChartPanel } from "./chart/panel.ts";
import { ExportMenu } from "./export/menu.ts";
import { valueText } from "./format.ts";
import { Grid } from "./grid.ts";
import type { CellAddress } from "./grid-keys.ts";
import { count } from "./numbers.ts";
import { button, isMac, make } from "./page.ts";
import { Foot } from "./result/foot.ts";
import { RowView } from "./result/row-view.ts";
import type { Selection } from "./result/selection.ts";
import { Sorter } from "./result/sorter.ts";
import { ValueView } from "./result/value-view.ts";
import { SummaryPanel } from "./summary/panel.ts";
import { columnType } from "./type-name.ts";

const runKey = isMac ? "⌘ ↵" : "Ctrl ↵";

/** How a query ended. */
export type ResultEnd = "done" | "failed" | "canceled";

/** What a query brought: its rows as a table or a chart, or a word about why there are none. Builds all of it inside `root`. */
export class ResultPane {
  readonly #bar = make("div", "result-bar");
  readonly #table = button("", "Table", () => this.#view("table"));
  readonly #chart = button("", "Chart", () => this.#view("chart"));
  readonly #summarize = button("", "Summary", () => this.#toggleSummary());
  readonly #status = make("p", "status");
  readonly #stage = make("div", "stage");
  readonly #blank = make("div", "blank");
  readonly #grid: Grid;
  readonly #charts = new ChartPanel();
  readonly #summary = new SummaryPanel();
  readonly #export = new ExportMenu((text) => this.#say(text));
  readonly #value = new ValueView();
  readonly #foot: Foot;
  readonly #sorter: Sorter;
  #rows: RowView | undefined;
  #selection: Selection | undefined;
  #ended = false;

  /** `root` is empty, and stays this pane's own. */
  constructor(root: HTMLElement) {
    this.#grid = new Grid({
      select: (selection) => this.#select(selection),
      sort: (by) => void this.#sorter.sort(by),
      open: (cell) => this.#open(cell),
      say: (text) => this.#say(text),
    });
    this.#sorter = new Sorter(
      (by) => this.#grid.reorder(by),
      (text) => this.#say(text),
    );
    this.#foot = new Foot({
      group: (grouped) => {
        this.#grid.grouped = grouped;
      },
      open: () => this.#selection && this.#open(this.#selection.focus),
    });
    const views = make("div", "views", this.#table, this.#chart);
    views.role = "group";
    views.ariaLabel = "View";
    this.#status.role = "status";
    this.#bar.append(views, this.#summarize, this.#status, this.#export.element);
    this.#stage.append(this.#grid.element, this.#charts.element, this.#summary.element);
    root.append(this.#bar, this.#stage, this.#blank, this.#foot.element, this.#value.element);
    this.#summarize.ariaPressed = "false";
    this.#view("table");
    this.clear();
    this.#blank.hidden = false;
    // Where there are no keys nobody is told of them.
    const keys = make("span", "keys", " with ");
    keys.append(make("kbd", "", runKey));
    this.#blank.replaceChildren("Write a query and run it", keys, ", or pick a table.");
  }

  /** Forgets the rows. */
  clear(): void {
    this.#rows = undefined;
    this.#ended = false;
    this.#sorter.show(undefined);
    this.#charts.show(undefined);
    this.#summary.clear();
    this.#export.show(undefined, "");
    this.#tell("");
    this.#say("");
  }

  /** Makes room for the rows that `statement` brings, of which files that are saved get their name. */
  begin(schema: Schema, statement: string): void {
    const batches = new Batches(schema);
    const rows = new RowView(batches);
    this.#rows = rows;
    this.#ended = false;
    this.#selection = undefined;
    this.#sorter.show(rows);
    this.#charts.show(batches);
    this.#summary.clear();
    this.#export.show(batches, statement);
    this.#say("");
    const hasColumns = schema.fields.length > 0;
    if (hasColumns) this.#tell(undefined);
    if (hasColumns) this.#grid.show(rows);
    this.#foot.show(rows, undefined);
  }

  add(batch: RecordBatch): void {
    if (!this.#rows) return;
    this.#rows.batches.push(batch);
    this.#export.refresh();
    this.#grid.refresh();
  }

  /** No more rows come; says so when there is nothing to see. */
  end(outcome: ResultEnd): void {
    this.#ended = true;
    if (!this.#rows) return;
    const { batches } = this.#rows;
    this.#grid.refresh();
    this.#export.refresh();
    void this.#sorter.refresh();
    if (this.#chart.ariaPressed === "true") this.#charts.refresh();
    this.#refreshSummary();
    if (outcome === "failed" || batches.rowCount > 0) return;
    if (batches.schema.fields.length === 0) {
      this.#tell("Done. The server sent no columns.");
      return;
    }
    // The header stays: it says which columns the rows would have had.
    this.#blank.hidden = false;
    this.#blank.textContent = outcome === "done" ? "No rows." : "Cancelled before the first row.";
  }

  /** Words in place of rows; undefined for rows. */
  #tell(text: string | undefined): void {
    const isBlank = text !== undefined;
    this.#blank.hidden = !text;
    this.#blank.textContent = text ?? "";
    this.#bar.hidden = isBlank;
    this.#stage.hidden = isBlank;
    this.#foot.element.hidden = isBlank || this.#chart.ariaPressed === "true";
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }

  #view(view: "table" | "chart"): void {
    const isChart = view === "chart";
    this.#chart.ariaPressed = String(isChart);
    this.#table.ariaPressed = String(!isChart);
    this.#grid.element.hidden = isChart;
    this.#charts.element.hidden = !isChart;
    this.#foot.element.hidden = isChart || !this.#rows;
    if (isChart) this.#charts.refresh();
  }

  #toggleSummary(): void {
    const isOpen = this.#summarize.ariaPressed !== "true";
    this.#summarize.ariaPressed = String(isOpen);
    this.#summary.element.hidden = !isOpen;
    this.#refreshSummary();
  }

  #refreshSummary(): void {
    if (!this.#rows || this.#summary.element.hidden || this.#rows.batches.schema.fields.length === 0) return;
    // While rows still come it would be out of date as soon as it is there.
    if (this.#ended || this.#selection) {
      void this.#summary.show(this.#rows.batches, this.#selection?.focus.column ?? 0);
    }
  }

  #select(selection: Selection | undefined): void {
    this.#selection = selection;
    if (!this.#rows) return;
    this.#foot.show(this.#rows, selection);
    if (selection) this.#refreshSummary();
  }

  #open({ row, column }: CellAddress): void {
    const place = this.#rows?.at(row, column);
    if (!place) return;
    const field = this.#rows!.batches.schema.fields[column]!;
    const title = `${field.name}, row ${count(row + 1)}: ${columnType(field)}`;
    this.#value.open(title, valueText(place.data, place.index));
  }
}
