import type { Schema } from "apache-arrow";
import type { Batches } from "./batches.ts";
import {
  type Column,
  columnsOf,
  fitColumns,
  type Measure,
  measureIn,
  placeColumns,
  SORT_MARK,
  WIDEST,
  widthFor,
} from "./columns.ts";
import { resized } from "./grid-head.ts";

/** The columns of a grid and how wide they are: by their first values, by those on screen, or by hand. */
export class GridColumns {
  list: Column[] = [];
  /** Of the column with the rows' numbers. */
  numberWidth = 0;
  readonly #measure: Measure;
  /** Whether the columns have a width, and whether it is by values: behind a chart there is nothing to measure. */
  #measured = false;
  #fitted = false;

  constructor(grid: HTMLElement) {
    this.#measure = measureIn(grid);
  }

  reset(schema: Schema): void {
    this.list = columnsOf(schema);
    this.numberWidth = 0;
    this.#measured = false;
    this.#fitted = false;
  }

  /** Whether `fitTo` has something to do, given a grid that can be seen. */
  isUnfit(rows: number): boolean {
    return !this.#measured || (!this.#fitted && rows > 0);
  }

  /** Fits the columns to the rows that are there, once. True when one became wider. */
  fitTo(batches: Batches): boolean {
    const isUnfit = this.isUnfit(batches.rowCount);
    if (isUnfit) {
      fitColumns(this.list, batches, this.#measure);
      this.#measured = true;
      this.#fitted = batches.rowCount > 0;
    }
    const width = widthFor(this.#measure([String(batches.rowCount)], "cell"));
    const isLonger = width > this.numberWidth;
    if (isLonger) this.numberWidth = width;
    return isUnfit || isLonger;
  }

  /** Lines the columns up; returns how wide they are together. */
  place(): number {
    return placeColumns(this.list, this.numberWidth);
  }

  /** Gives a column a width by hand: it stays. */
  resize(index: number, width: number): void {
    const column = this.list[index]!;
    column.width = resized(width);
    column.sized = true;
  }

  /** Gives a column the width of its name and of some of its values. */
  fit(index: number, texts: readonly string[]): void {
    const name = this.#measure([this.list[index]!.name], "head") + SORT_MARK;
    this.resize(index, Math.ceil(Math.max(name, this.#measure(texts, "cell"))) + 26);
  }

  /** Gives columns more room whose cells turn out to need it. True when one became wider. */
  widen(cells: Iterable<HTMLElement>): boolean {
    let changed = false;
    for (const cell of cells) {
      const column = this.list[Number(cell.dataset.column)];
      if (!column || column.sized || cell.scrollWidth <= cell.clientWidth || column.width >= WIDEST) continue;
      column.width = Math.min(WIDEST, Math.max(column.width, cell.scrollWidth));
      changed = true;
    }
    return changed;
  }
}
