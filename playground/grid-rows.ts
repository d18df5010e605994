import { type Column, shownText } from "./columns.ts";
import { cellText, groupDigits } from "./format.ts";
import type { CellAddress } from "./grid-keys.ts";
import { make } from "./page.ts";
import type { RowView } from "./result/row-view.ts";
import { inRange, type Range } from "./result/selection.ts";

export const ROW_HEIGHT = 28;

/** What the rows on screen look like. */
export interface RowsLook {
  rows: RowView;
  columns: readonly Column[];
  /** The half-open range of columns on screen. */
  shown: readonly [number, number];
  /** What to add to a row's offset to get its place. */
  shift: number;
  numberWidth: number;
  /** Changes when anything but the place of rows does: a row drawn for an older layout is drawn again. */
  layout: number;
  /** Whether the digits of numbers are shown in groups of three. */
  grouped: boolean;
  range: Range | undefined;
  active: CellAddress | undefined;
  activeId: string;
}

interface DrawnRow {
  element: HTMLElement;
  number: HTMLElement;
  cells: HTMLElement[];
  row: number;
  layout: number;
  columns: string;
}

/** The rows of a grid that are on screen: a few elements that show other rows as the grid is scrolled. */
export class GridRows {
  readonly element: HTMLElement = make("div", "grid-body");
  #drawn: DrawnRow[] = [];

  constructor() {
    this.element.role = "rowgroup";
  }

  /** Draws `count` rows from `first` on; those that do not exist are hidden. */
  draw(first: number, count: number, look: RowsLook): void {
    while (this.#drawn.length < count) this.#drawn.push(this.#newRow());
    for (const surplus of this.#drawn.splice(count)) surplus.element.remove();
    // A row keeps its element while it is on screen.
    for (let row = first; row < first + count; row++) drawRow(this.#drawn[row % count]!, row, look);
  }

  /** The cells on screen, of one column or of all. */
  cells(column?: number): NodeListOf<HTMLElement> {
    const which = column === undefined ? "" : `[data-column="${column}"]`;
    return this.element.querySelectorAll<HTMLElement>(`.grid-row:not([hidden]) > .grid-cell${which}`);
  }

  #newRow(): DrawnRow {
    const element = make("div", "grid-row");
    element.role = "row";
    const number = make("div", "grid-number");
    number.role = "rowheader";
    number.ariaColIndex = "1";
    element.append(number);
    this.element.append(element);
    return { element, number, cells: [], row: -1, layout: -1, columns: "" };
  }
}

function drawRow(drawn: DrawnRow, row: number, look: RowsLook): void {
  const [from, to] = look.shown;
  const exists = row < look.rows.rowCount;
  drawn.element.hidden = !exists;
  if (!exists) {
    drawn.row = -1;
    return;
  }
  drawn.element.style.transform = `translateY(${row * ROW_HEIGHT + look.shift}px)`;
  const columns = `${from} ${to}`;
  if (drawn.row === row && drawn.layout === look.layout && drawn.columns === columns) return;
  Object.assign(drawn, { row, layout: look.layout, columns });
  drawn.element.ariaRowIndex = String(row + 2);
  drawn.element.classList.toggle("odd", row % 2 === 1);
  drawn.number.textContent = String(row + 1);
  drawn.number.style.width = `${look.numberWidth}px`;
  while (drawn.cells.length < to - from) {
    const cell = make("div", "grid-cell");
    cell.role = "gridcell";
    drawn.cells.push(cell);
    drawn.element.append(cell);
  }
  for (const surplus of drawn.cells.splice(to - from)) surplus.remove();
  for (let column = from; column < to; column++) drawCell(drawn.cells[column - from]!, row, column, look);
}

function drawCell(cell: HTMLElement, row: number, index: number, look: RowsLook): void {
  const column = look.columns[index]!;
  const place = look.rows.at(row, index);
  const text = place ? cellText(place.data, place.index) : null;
  const isActive = look.active?.row === row && look.active.column === index;
  const isSelected = inRange(look.range, row, index);
  cell.textContent = text === null ? "null" : shownText(column.numeric && look.grouped ? groupDigits(text) : text);
  cell.className = "grid-cell";
  cell.classList.toggle("numeric", column.numeric);
  cell.classList.toggle("null", text === null);
  cell.classList.toggle("nan", text === "NaN" && column.numeric);
  cell.classList.toggle("in-range", isSelected);
  cell.classList.toggle("selected", isActive);
  cell.id = isActive ? look.activeId : "";
  cell.dataset.column = String(index);
  cell.ariaColIndex = String(index + 2);
  cell.ariaSelected = String(isSelected);
  cell.style.left = `${column.left}px`;
  cell.style.width = `${column.width}px`;
}
