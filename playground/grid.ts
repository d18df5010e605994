import { columnsBetween } from "./columns.ts";
import { GridColumns } from "./grid-columns.ts";
import { GridHead } from "./grid-head.ts";
import { type CellAddress, nextCell } from "./grid-keys.ts";
import { followPointer } from "./grid-pointer.ts";
import { GridRows, ROW_HEIGHT } from "./grid-rows.ts";
import { count } from "./numbers.ts";
import { copyText, freshId, make } from "./page.ts";
import { COPY_LIMIT, rangeText } from "./result/copy.ts";
import type { RowView } from "./result/row-view.ts";
import { cellsIn, type Range, rangeOf, type Selection } from "./result/selection.ts";
import type { SortBy } from "./result/sort.ts";
import { clamp } from "./scroll-map.ts";
import { REST_MS, Scroller } from "./scroller.ts";
import { attachTooltip } from "./tooltip.ts";
import { columnHint } from "./type-name.ts";

const HEAD_HEIGHT = 34;
/** Rows drawn beyond the visible ones, so that a fast finger meets rows and not paper. */
const MARGIN_ROWS = 8;

/** What a grid tells about. */
export interface GridListener {
  /** Another cell, range or header is selected, or nothing is. */
  select(selection: Selection | undefined): void;
  /** Somebody wants the rows sorted by another column, the other way, or not at all. */
  sort(by: SortBy | undefined): void;
  /** Somebody wants to see the whole value of a cell. */
  open(cell: CellAddress): void;
  /** Words about what has just happened. */
  say(text: string): void;
}

/** A table of any length that draws only the cells on screen, read from the Arrow batches when they are drawn. */
export class Grid {
  readonly element: HTMLElement = make("div", "grid");
  readonly #activeId = freshId("cell");
  readonly #head: GridHead;
  readonly #body = new GridRows();
  readonly #canvas = make("div", "grid-canvas");
  readonly #scroller: Scroller;
  readonly #columns: GridColumns;
  readonly #listener: GridListener;
  #rows: RowView | undefined;
  /** Counts changes of what a drawn row looks like. */
  #layout = 0;
  #headKey = "";
  #selection: Selection | undefined;
  #range: Range | undefined;
  #sort: SortBy | undefined;
  #grouped = false;
  #frame = 0;
  #widening: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: GridListener) {
    this.#listener = listener;
    const { element } = this;
    element.tabIndex = 0;
    element.role = "grid";
    element.ariaLabel = "Result rows";
    element.ariaReadOnly = "true";
    element.ariaMultiSelectable = "true";
    this.#head = new GridHead({
      sort: (column) => this.#sortNext(column),
      resize: (column, width) => this.#resizeColumn(column, width),
      fit: (column) => this.#fitColumn(column),
      selectAll: () => this.#selectAll(),
    });
    this.#canvas.role = "presentation";
    const head = make("div", "grid-top", this.#head.element);
    head.role = "rowgroup";
    this.#canvas.append(head, this.#body.element);
    element.append(this.#canvas);
    this.#columns = new GridColumns(element);
    this.#scroller = new Scroller(element, this.#body.element, () => this.#draw());
    attachTooltip(this.#head.element, (target) => this.#headerHint(target));
    followPointer(this.#body.element, {
      at: (x, y) => this.#cellAt(x, y),
      select: (cell, extend) => this.#moveTo(cell, extend),
      selectRow: (row, extend) => this.#selectRow(row, extend),
    });
    this.#body.element.addEventListener("dblclick", () => this.#open());
    element.addEventListener("focus", () => this.#onFocus());
    element.addEventListener("keydown", (event) => this.#onKey(event));
    element.addEventListener("copy", (event) => this.#onCopy(event));
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  /** Shows a new result from its top. Call `refresh` whenever it has grown. */
  show(rows: RowView): void {
    this.#rows = rows;
    this.#columns.reset(rows.batches.schema);
    this.#sort = undefined;
    this.#select(undefined);
    this.element.ariaColCount = String(this.#columns.list.length + 1);
    this.#scroller.moveTo(0);
    this.element.scrollLeft = 0;
    this.#update();
  }

  /** Takes rows that have come since into view, at the next frame. */
  refresh(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  /** Draws the rows in the order that the view now has, and says so in the header. */
  reorder(by: SortBy | undefined): void {
    this.#sort = by;
    this.#layout++;
    // What was selected is elsewhere now.
    if (this.#selection && this.#selection.focus.row >= 0) this.#select(undefined);
    this.#draw();
  }

  /** Whether the digits of numbers are shown in groups of three. */
  set grouped(grouped: boolean) {
    this.#grouped = grouped;
    this.#layout++;
    this.#draw();
  }

  #update(): void {
    const batches = this.#rows?.batches;
    if (!batches) return;
    if (this.element.clientHeight > 0 && this.#columns.fitTo(batches)) this.#place();
    this.element.ariaRowCount = String(batches.rowCount + 1);
    this.#resize();
  }

  #place(): void {
    this.#canvas.style.width = `${this.#columns.place()}px`;
    this.#layout++;
  }

  #resize(): void {
    const view = Math.max(0, this.element.clientHeight - HEAD_HEIGHT);
    // It has come from behind a chart.
    if (view > 0 && this.#rows && this.#columns.isUnfit(this.#rows.rowCount)) {
      this.#update();
      return;
    }
    this.#scroller.resize({ rows: (this.#rows?.rowCount ?? 0) * ROW_HEIGHT, view });
    this.#draw();
  }

  #draw(): void {
    if (!this.#rows || this.element.clientHeight === 0) return;
    const { scrollLeft, clientWidth, clientHeight } = this.element;
    const shown = columnsBetween(this.#columns.list, scrollLeft + this.#columns.numberWidth, scrollLeft + clientWidth);
    this.#drawHead(shown);
    const first = Math.max(0, Math.floor(this.#scroller.offset / ROW_HEIGHT) - MARGIN_ROWS);
    const pool = Math.ceil(clientHeight / ROW_HEIGHT) + 2 * MARGIN_ROWS;
    this.#body.draw(first, pool, {
      rows: this.#rows,
      columns: this.#columns.list,
      shown,
      shift: this.#scroller.shift,
      numberWidth: this.#columns.numberWidth,
      layout: this.#layout,
      grouped: this.#grouped,
      range: this.#range,
      active: this.#selection?.focus,
      activeId: this.#activeId,
    });
    this.#widenSoon();
  }

  #drawHead(shown: [number, number]): void {
    const key = `${this.#layout} ${shown}`;
    if (key === this.#headKey) return;
    this.#headKey = key;
    const { focus } = this.#selection ?? {};
    this.#head.draw(this.#columns.list, {
      numberWidth: this.#columns.numberWidth,
      shown,
      sort: this.#sort,
      active: focus?.row === -1 ? focus.column : undefined,
      activeId: this.#activeId,
    });
  }

  /** Once drawing rests, gives columns more room whose values on screen turn out to need it. */
  #widenSoon(): void {
    clearTimeout(this.#widening);
    this.#widening = setTimeout(() => {
      if (!this.#columns.widen(this.#body.cells())) return;
      this.#place();
      this.#draw();
    }, REST_MS);
  }

  #resizeColumn(index: number, width: number): void {
    this.#columns.resize(index, width);
    this.#place();
    this.#draw();
  }

  /** Gives a column the width of its name and of its values on screen. */
  #fitColumn(index: number): void {
    this.#columns.fit(
      index,
      Array.from(this.#body.cells(index), (cell) => cell.textContent ?? ""),
    );
    this.#place();
    this.#draw();
  }

  #sortNext(column: number): void {
    const { sort } = this;
    if (sort?.column !== column) this.#listener.sort({ column, descending: false });
    else this.#listener.sort(sort.descending ? undefined : { column, descending: true });
  }

  get sort(): SortBy | undefined {
    return this.#sort;
  }

  #headerHint(target: Element): string | undefined {
    const index = target.closest<HTMLElement>("[data-column]")?.dataset.column;
    const field = index === undefined ? undefined : this.#rows?.batches.schema.fields[Number(index)];
    return field && columnHint(field);
  }

  /** The cell under a point of the window; beyond the rows, the nearest one. */
  #cellAt(x: number, y: number): CellAddress {
    const box = this.element.getBoundingClientRect();
    const row = Math.floor((y - box.top - HEAD_HEIGHT + this.#scroller.offset) / ROW_HEIGHT);
    const across = x - box.left + this.element.scrollLeft;
    const column = this.#columns.list.findIndex(({ left, width }) => across < left + width);
    return this.#clamped({ row, column: column < 0 ? this.#columns.list.length - 1 : column });
  }

  #clamped({ row, column }: CellAddress): CellAddress {
    return {
      row: clamp(row, 0, (this.#rows?.rowCount ?? 1) - 1),
      column: clamp(column, 0, this.#columns.list.length - 1),
    };
  }

  /** Whoever comes by keyboard sees where they are. */
  #onFocus(): void {
    if (this.#selection || !this.#rows?.rowCount || !this.element.matches(":focus-visible")) return;
    this.#moveTo(this.#firstVisible(), false);
  }

  #firstVisible(): CellAddress {
    return { row: Math.ceil(this.#scroller.offset / ROW_HEIGHT), column: 0 };
  }

  #onKey(event: KeyboardEvent): void {
    if (!this.#rows || this.#rows.rowCount === 0) return;
    const at = this.#selection?.focus ?? this.#firstVisible();
    if (this.#command(event, at)) {
      event.preventDefault();
      return;
    }
    const page = Math.max(1, Math.floor((this.element.clientHeight - HEAD_HEIGHT) / ROW_HEIGHT) - 1);
    const next = nextCell(event, at, { rows: this.#rows.rowCount, columns: this.#columns.list.length, page });
    if (!next) return;
    event.preventDefault();
    this.#moveTo(event.shiftKey ? this.#clamped(next) : next, event.shiftKey);
  }

  /** Does what a key other than those of movement stands for; false when it stands for nothing. */
  #command(event: KeyboardEvent, { row, column }: CellAddress): boolean {
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (control && key === "a") this.#selectAll();
    else if (control && event.shiftKey && key === "c") this.#copyWithHeader();
    else if (event.altKey && (key === "arrowleft" || key === "arrowright")) {
      const step = key === "arrowleft" ? -16 : 16;
      this.#resizeColumn(column, this.#columns.list[column]!.width + step);
    } else if (control || event.altKey || (key !== "enter" && key !== " ")) return false;
    else if (row < 0) this.#sortNext(column);
    else this.#open();
    return true;
  }

  /** The selected range as text, unless it is none, or too much for a clipboard. */
  #copied(withNames: boolean): string | undefined {
    if (!this.#range || !this.#rows) return undefined;
    const cells = cellsIn(this.#range);
    if (cells > COPY_LIMIT) {
      this.#listener.say(`${count(cells)} cells are too many to copy: export them instead.`);
      return undefined;
    }
    this.#listener.say(
      `Copied ${count(cells)} ${cells === 1 ? "cell" : "cells"}${withNames ? " with column names" : ""}.`,
    );
    return rangeText(this.#rows, this.#range, withNames ? this.#columns.list.map(({ name }) => name) : undefined);
  }

  #copyWithHeader(): void {
    const text = this.#copied(true);
    if (text !== undefined) copyText(text);
  }

  #onCopy(event: ClipboardEvent): void {
    if (!this.#range || !event.clipboardData) return;
    event.preventDefault();
    const text = this.#copied(false);
    if (text !== undefined) event.clipboardData.setData("text/plain", text);
  }

  #open(): void {
    const { focus } = this.#selection ?? {};
    if (focus && focus.row >= 0) this.#listener.open(focus);
  }

  #moveTo(cell: CellAddress, extend: boolean): void {
    const anchor = extend && this.#selection && this.#selection.anchor.row >= 0 ? this.#selection.anchor : cell;
    this.#select({ anchor, focus: cell });
    this.#reveal(cell);
  }

  #selectRow(row: number, extend: boolean): void {
    const first = extend && this.#selection ? Math.max(0, this.#selection.anchor.row) : row;
    this.#select({ anchor: { row: first, column: this.#columns.list.length - 1 }, focus: { row, column: 0 } });
  }

  #selectAll(): void {
    const last = (this.#rows?.rowCount ?? 0) - 1;
    if (last < 0) return;
    this.#select({ anchor: { row: last, column: this.#columns.list.length - 1 }, focus: { row: 0, column: 0 } });
  }

  #select(selection: Selection | undefined): void {
    this.#selection = selection;
    this.#range = selection && selection.focus.row >= 0 ? rangeOf(selection) : undefined;
    this.#layout++;
    this.#draw();
    if (selection) this.element.setAttribute("aria-activedescendant", this.#activeId);
    else this.element.removeAttribute("aria-activedescendant");
    this.#listener.select(selection);
  }

  /** Scrolls as little as it takes to have the cell on screen. */
  #reveal({ row, column }: CellAddress): void {
    const top = row * ROW_HEIGHT;
    const view = this.element.clientHeight - HEAD_HEIGHT;
    const offset = row < 0 ? this.#scroller.offset : clamp(this.#scroller.offset, top + ROW_HEIGHT - view, top);
    if (offset !== this.#scroller.offset) this.#scroller.moveTo(offset);
    const { left, width } = this.#columns.list[column]!;
    const { scrollLeft, clientWidth } = this.element;
    const sideways = clamp(scrollLeft, left + width - clientWidth, left - this.#columns.numberWidth);
    if (sideways !== scrollLeft) this.element.scrollLeft = sideways;
  }
}
