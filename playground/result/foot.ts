import { cellText, groupDigits, isNumeric } from "../format.ts";
import { count } from "../numbers.ts";
import { button, labelled, make } from "../page.ts";
import { columnType } from "../type-name.ts";
import type { RowView } from "./row-view.ts";
import { cellsIn, rangeOf, type Selection } from "./selection.ts";

/** Letters of a value that the footer shows. */
const SHOWN = 400;

/** The line under the rows: what is selected, and how numbers are written. */
export class Foot {
  readonly element: HTMLElement = make("footer", "foot");
  readonly #cell = make("p", "cell");
  readonly #whole: HTMLButtonElement;
  #grouped = false;
  #latest: [RowView, Selection | undefined] | undefined;

  constructor(actions: { group(grouped: boolean): void; open(): void }) {
    const grouped = make("input");
    grouped.type = "checkbox";
    grouped.addEventListener("change", () => {
      this.#grouped = grouped.checked;
      actions.group(grouped.checked);
      if (this.#latest) this.show(...this.#latest);
    });
    this.#whole = button("quiet", "Whole value", () => actions.open());
    this.#whole.hidden = true;
    this.element.append(this.#cell, this.#whole, labelled("Group digits", grouped));
  }

  show(rows: RowView, selection: Selection | undefined): void {
    this.#latest = [rows, selection];
    this.#cell.replaceChildren();
    this.#whole.hidden = true;
    if (!selection) return;
    const { row, column } = selection.focus;
    const field = rows.batches.schema.fields[column]!;
    if (row < 0) {
      const what = make("span", "", `${field.name}: ${columnType(field)}`);
      this.#cell.append(what, make("span", "hint", "Enter sorts, Alt ← and Alt → resize"));
      return;
    }
    const range = rangeOf(selection);
    if (cellsIn(range) > 1) {
      const [height, width] = [range.bottom - range.top, range.right - range.left];
      const size = `${count(height)} ${height === 1 ? "row" : "rows"} × ${count(width)} ${width === 1 ? "column" : "columns"}`;
      this.#cell.append(
        make("span", "", size),
        make("span", "hint", `rows ${count(range.top + 1)} to ${count(range.bottom)}`),
      );
      return;
    }
    const place = rows.at(row, column);
    const text = place ? cellText(place.data, place.index) : null;
    const written = text !== null && this.#grouped && isNumeric(field.type) ? groupDigits(text) : (text ?? "null");
    const isCut = written.length > SHOWN;
    const value = make("output", text === null ? "null" : "", isCut ? `${written.slice(0, SHOWN)}…` : written);
    this.#cell.append(make("span", "", `row ${count(row + 1)}, ${field.name}: ${columnType(field)}`), value);
    this.#whole.hidden = !isCut && !/^[[{]|\n/.test(written) && written.length < 80;
  }
}
