import type { RecordBatch, Schema } from "apache-arrow";
import { Batches } from "./batches.ts";
import { Grid, type SelectedCell } from "./grid.ts";
import { count } from "./numbers.ts";
import { byId } from "./page.ts";

/** The lower half of the page: the rows of the last query, or a word about why there are none. */
export class ResultPane {
  readonly #gridElement = byId("grid", HTMLElement);
  readonly #blank = byId("blank", HTMLElement);
  readonly #foot = byId("foot", HTMLElement);
  readonly #cell = byId("cell", HTMLElement);
  readonly #grid = new Grid(this.#gridElement, (cell) => this.#describe(cell));
  #batches: Batches | undefined;

  constructor() {
    const grouped = byId("group-digits", HTMLInputElement);
    grouped.addEventListener("change", () => {
      this.#grid.grouped = grouped.checked;
    });
  }

  clear(): void {
    this.#batches = undefined;
    this.#gridElement.hidden = true;
    this.#foot.hidden = true;
    this.#say("");
  }

  begin(schema: Schema): void {
    this.#batches = new Batches(schema);
    const columns = schema.fields.length > 0;
    this.#gridElement.hidden = !columns;
    this.#foot.hidden = !columns;
    this.#blank.hidden = columns;
    if (columns) this.#grid.show(this.#batches);
  }

  add(batch: RecordBatch): void {
    this.#batches?.push(batch);
    this.#grid.refresh();
  }

  /** Says so when a query has ended well and there is nothing to see. */
  end(): void {
    if (!this.#batches) return;
    if (this.#batches.schema.fields.length === 0) this.#say("Done. The server sent no columns.");
    else if (this.#batches.rowCount === 0) this.#say("No rows.");
  }

  #say(text: string): void {
    this.#blank.hidden = text === "";
    this.#blank.textContent = text;
  }

  #describe(cell: SelectedCell | undefined): void {
    this.#cell.replaceChildren();
    if (!cell) return;
    const where = document.createElement("span");
    where.textContent = `row ${count(cell.row + 1)}, ${cell.name}: ${cell.type}`;
    const value = document.createElement("output");
    value.className = cell.text === null ? "null" : "";
    value.textContent = cell.text ?? "null";
    this.#cell.append(where, value);
  }
}
