import type { Batches } from "./batches.ts";
import {
  type Column,
  columnsBetween,
  columnsOf,
  fitColumns,
  type Measure,
  measureIn,
  placeColumns,
  shownText,
  WIDEST,
  widthFor,
} from "./columns.ts";
import { groupDigits, valueText } from "./format.ts";
import { type CellAddress, nextCell } from "./grid-keys.ts";
import { clamp } from "./scroll-map.ts";
import { REST_MS, Scroller } from "./scroller.ts";
import { attachTooltip } from "./tooltip.ts";

const ROW_HEIGHT = 28;
const HEAD_HEIGHT = 34;
/** Rows drawn beyond the visible ones, so that a fast finger meets rows and not paper. */
const MARGIN_ROWS = 8;

export interface SelectedCell extends CellAddress {
  column: number;
  name: string;
  type: string;
  /** The whole text of the value; null for a null. */
  text: string | null;
}

interface DrawnRow {
  element: HTMLElement;
  number: HTMLElement;
  cells: HTMLElement[];
  row: number;
  layout: number;
}

/** A table of any length that draws only the cells on screen, read from the Arrow batches when they are drawn. */
export class Grid {
  readonly #element: HTMLElement;
  readonly #head = part("grid-head", "row");
  readonly #body = part("grid-body", "rowgroup");
  readonly #canvas = part("grid-canvas", "presentation");
  readonly #scroller: Scroller;
  readonly #measure: Measure;
  readonly #onSelect: (cell: SelectedCell | undefined) => void;
  #batches: Batches | undefined;
  #columns: Column[] = [];
  #fitted = false;
  #numberWidth = 0;
  #drawn: DrawnRow[] = [];
  /** Counts changes of what a drawn row looks like; a row drawn for an older layout is drawn again. */
  #layout = 0;
  #headKey = "";
  #selected: CellAddress | undefined;
  #grouped = false;
  #frame = 0;
  #widening: ReturnType<typeof setTimeout> | undefined;

  constructor(element: HTMLElement, onSelect: (cell: SelectedCell | undefined) => void) {
    this.#element = element;
    this.#onSelect = onSelect;
    element.tabIndex = 0;
    element.role = "grid";
    element.ariaLabel = "Result rows";
    element.ariaReadOnly = "true";
    this.#canvas.append(this.#head, this.#body);
    element.append(this.#canvas);
    this.#measure = measureIn(element);
    this.#scroller = new Scroller(element, this.#body, () => this.#draw());
    attachTooltip(this.#head, (target) => this.#headerHint(target));
    element.addEventListener("click", (event) => this.#onClick(event));
    element.addEventListener("focus", () => this.#onFocus());
    element.addEventListener("keydown", (event) => this.#onKey(event));
    element.addEventListener("copy", (event) => this.#onCopy(event));
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  /** Shows a new result from its top. Call `refresh` whenever `batches` has grown. */
  show(batches: Batches): void {
    this.#batches = batches;
    this.#columns = columnsOf(batches.schema);
    this.#fitted = false;
    this.#numberWidth = 0;
    this.#select(undefined);
    this.#element.ariaColCount = String(this.#columns.length + 1);
    this.#scroller.moveTo(0);
    this.#element.scrollLeft = 0;
    this.#update();
  }

  /** Takes rows that have come since into view, at the next frame. */
  refresh(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  /** Whether the digits of numbers are shown in groups of three. */
  set grouped(grouped: boolean) {
    this.#grouped = grouped;
    this.#layout++;
    this.#draw();
  }

  #update(): void {
    const batches = this.#batches;
    if (!batches) return;
    if (!this.#fitted) {
      fitColumns(this.#columns, batches, this.#measure);
      this.#fitted = batches.rowCount > 0;
      this.#place();
    }
    const numberWidth = widthFor(this.#measure([String(batches.rowCount)], "cell"));
    if (numberWidth > this.#numberWidth) {
      this.#numberWidth = numberWidth;
      this.#place();
    }
    this.#element.ariaRowCount = String(batches.rowCount + 1);
    this.#resize();
  }

  #place(): void {
    this.#canvas.style.width = `${placeColumns(this.#columns, this.#numberWidth)}px`;
    this.#layout++;
  }

  #resize(): void {
    const view = Math.max(0, this.#element.clientHeight - HEAD_HEIGHT);
    this.#scroller.resize({ rows: (this.#batches?.rowCount ?? 0) * ROW_HEIGHT, view });
    this.#draw();
  }

  #draw(): void {
    if (!this.#batches || this.#element.clientHeight === 0) return;
    const { scrollLeft, clientWidth, clientHeight } = this.#element;
    const shown = columnsBetween(this.#columns, scrollLeft + this.#numberWidth, scrollLeft + clientWidth);
    this.#drawHead(shown);
    const first = Math.max(0, Math.floor(this.#scroller.offset / ROW_HEIGHT) - MARGIN_ROWS);
    const pool = Math.ceil(clientHeight / ROW_HEIGHT) + 2 * MARGIN_ROWS;
    while (this.#drawn.length < pool) this.#drawn.push(this.#newRow());
    for (const surplus of this.#drawn.splice(pool)) surplus.element.remove();
    for (let row = first; row < first + pool; row++) this.#drawRow(this.#drawn[row % pool]!, row, shown);
    this.#widenSoon();
  }

  #drawHead([from, to]: [number, number]): void {
    const key = `${this.#layout} ${from} ${to}`;
    if (key === this.#headKey) return;
    this.#headKey = key;
    const corner = part("grid-number", "columnheader");
    corner.textContent = "#";
    corner.ariaLabel = "Row number";
    corner.ariaColIndex = "1";
    corner.style.width = `${this.#numberWidth}px`;
    const cells = this.#columns.slice(from, to).map((column, i) => {
      const cell = part(column.numeric ? "grid-cell numeric" : "grid-cell", "columnheader");
      cell.textContent = column.name;
      cell.dataset.column = String(from + i);
      cell.ariaColIndex = String(from + i + 2);
      cell.ariaDescription = column.type;
      setPlace(cell, column);
      return cell;
    });
    this.#head.ariaRowIndex = "1";
    this.#head.replaceChildren(corner, ...cells);
  }

  #newRow(): DrawnRow {
    const element = part("grid-row", "row");
    const number = part("grid-number", "rowheader");
    number.ariaColIndex = "1";
    element.append(number);
    this.#body.append(element);
    return { element, number, cells: [], row: -1, layout: -1 };
  }

  #drawRow(drawn: DrawnRow, row: number, [from, to]: [number, number]): void {
    const exists = row < this.#batches!.rowCount;
    drawn.element.hidden = !exists;
    if (!exists) {
      drawn.row = -1;
      return;
    }
    drawn.element.style.transform = `translateY(${row * ROW_HEIGHT + this.#scroller.shift}px)`;
    const columns = `${from} ${to}`;
    if (drawn.row === row && drawn.layout === this.#layout && drawn.element.dataset.columns === columns) return;
    drawn.row = row;
    drawn.layout = this.#layout;
    drawn.element.dataset.columns = columns;
    drawn.element.ariaRowIndex = String(row + 2);
    drawn.element.classList.toggle("odd", row % 2 === 1);
    drawn.number.textContent = String(row + 1);
    drawn.number.style.width = `${this.#numberWidth}px`;
    while (drawn.cells.length < to - from) {
      const cell = part("grid-cell", "gridcell");
      drawn.cells.push(cell);
      drawn.element.append(cell);
    }
    for (const surplus of drawn.cells.splice(to - from)) surplus.remove();
    for (let column = from; column < to; column++) this.#drawCell(drawn.cells[column - from]!, row, column);
  }

  #drawCell(cell: HTMLElement, row: number, index: number): void {
    const column = this.#columns[index]!;
    const text = this.#text(row, index);
    const shown = text === null ? "null" : shownText(column.numeric && this.#grouped ? groupDigits(text) : text);
    const selected = this.#selected?.row === row && this.#selected.column === index;
    cell.textContent = shown;
    cell.className = `grid-cell${column.numeric ? " numeric" : ""}${text === null ? " null" : ""}${selected ? " selected" : ""}`;
    cell.id = selected ? "selected-cell" : "";
    cell.dataset.column = String(index);
    cell.ariaColIndex = String(index + 2);
    cell.ariaSelected = String(selected);
    setPlace(cell, column);
  }

  /** Once drawing rests, gives columns more room whose values on screen turn out to need it. */
  #widenSoon(): void {
    clearTimeout(this.#widening);
    this.#widening = setTimeout(() => {
      let changed = false;
      for (const cell of this.#body.querySelectorAll<HTMLElement>(".grid-row:not([hidden]) > .grid-cell")) {
        const column = this.#columns[Number(cell.dataset.column)];
        if (!column || cell.scrollWidth <= cell.clientWidth || column.width >= WIDEST) continue;
        column.width = Math.min(WIDEST, Math.max(column.width, cell.scrollWidth));
        changed = true;
      }
      if (!changed) return;
      this.#place();
      this.#draw();
    }, REST_MS);
  }

  #text(row: number, column: number): string | null {
    const place = this.#batches!.at(row, column);
    return place ? valueText(place.data, place.index) : null;
  }

  #headerHint(target: Element): string | undefined {
    const index = target.closest<HTMLElement>("[data-column]")?.dataset.column;
    const column = index === undefined ? undefined : this.#columns[Number(index)];
    return column && `${column.name}: ${column.type}`;
  }

  #onClick(event: MouseEvent): void {
    const cell = (event.target as Element).closest<HTMLElement>(".grid-row .grid-cell");
    if (!cell) return;
    const drawn = this.#drawn.find((row) => row.element === cell.parentElement);
    if (drawn) this.#select({ row: drawn.row, column: Number(cell.dataset.column) });
  }

  /** Whoever comes by keyboard sees where they are. */
  #onFocus(): void {
    if (this.#selected || !this.#batches?.rowCount || !this.#element.matches(":focus-visible")) return;
    this.#select(this.#firstVisible());
  }

  #firstVisible(): CellAddress {
    return { row: Math.ceil(this.#scroller.offset / ROW_HEIGHT), column: 0 };
  }

  #onKey(event: KeyboardEvent): void {
    const batches = this.#batches;
    if (!batches || batches.rowCount === 0) return;
    const page = Math.max(1, Math.floor((this.#element.clientHeight - HEAD_HEIGHT) / ROW_HEIGHT) - 1);
    const limits = { rows: batches.rowCount, columns: this.#columns.length, page };
    const next = nextCell(event, this.#selected ?? this.#firstVisible(), limits);
    if (!next) return;
    event.preventDefault();
    this.#select(next);
    this.#reveal(next);
  }

  #onCopy(event: ClipboardEvent): void {
    if (!this.#selected || !event.clipboardData) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", this.#text(this.#selected.row, this.#selected.column) ?? "");
  }

  #select(cell: CellAddress | undefined): void {
    this.#selected = cell;
    this.#layout++;
    this.#draw();
    if (cell) this.#element.setAttribute("aria-activedescendant", "selected-cell");
    else this.#element.removeAttribute("aria-activedescendant");
    const column = cell && this.#columns[cell.column];
    this.#onSelect(
      cell && column && { ...cell, name: column.name, type: column.type, text: this.#text(cell.row, cell.column) },
    );
  }

  /** Scrolls as little as it takes to have the cell on screen. */
  #reveal({ row, column }: CellAddress): void {
    const top = row * ROW_HEIGHT;
    const view = this.#element.clientHeight - HEAD_HEIGHT;
    const offset = clamp(this.#scroller.offset, top + ROW_HEIGHT - view, top);
    if (offset !== this.#scroller.offset) this.#scroller.moveTo(offset);
    const { left, width } = this.#columns[column]!;
    const { scrollLeft, clientWidth } = this.#element;
    const sideways = clamp(scrollLeft, left + width - clientWidth, left - this.#numberWidth);
    if (sideways !== scrollLeft) this.#element.scrollLeft = sideways;
  }
}

function part(className: string, role: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  element.role = role;
  return element;
}

function setPlace(cell: HTMLElement, column: Column): void {
  cell.style.left = `${column.left}px`;
  cell.style.width = `${column.width}px`;
}
