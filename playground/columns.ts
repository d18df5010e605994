import type { Field, Schema } from "apache-arrow";
import type { Batches } from "./batches.ts";
import { cellText, isNumeric } from "./format.ts";
import { clamp } from "./scroll-map.ts";
import { columnType } from "./type-name.ts";

const PADDING = 24;
/** Room behind a name for the mark that its column sorts by. */
export const SORT_MARK = 14;
const NARROWEST = 64;
/** Columns grow no wider on their own; the whole of a longer value is shown below the grid. */
export const WIDEST = 420;
/** Rows looked at for a column's first width. */
const SAMPLE = 60;

/** A column of the grid. Widths and places are in pixels. */
export interface Column {
  name: string;
  type: string;
  numeric: boolean;
  left: number;
  width: number;
  /** Its width was chosen by hand, and stays. */
  sized: boolean;
}

/** The width in pixels of the longest of some lines of text, as the grid's head or its cells would show them. */
export type Measure = (lines: readonly string[], part: "head" | "cell") => number;

/** Measures with a hidden element in the grid: a canvas knows nothing of tabular figures. */
export function measureIn(grid: HTMLElement): Measure {
  const probe = document.createElement("div");
  probe.className = "grid-probe";
  probe.ariaHidden = "true";
  return (lines, part) => {
    probe.classList.toggle("grid-head", part === "head");
    probe.textContent = lines.join("\n");
    grid.append(probe);
    const { width } = probe.getBoundingClientRect();
    probe.remove();
    return width;
  };
}

export function columnsOf(schema: Schema): Column[] {
  return schema.fields.map((field: Field) => ({
    name: field.name,
    type: columnType(field),
    numeric: isNumeric(field.type),
    left: 0,
    width: 0,
    sized: false,
  }));
}

/** Gives every column the width of its name and its first values, and lines them up from `left`. */
export function fitColumns(columns: Column[], batches: Batches, measure: Measure): void {
  const rows = Math.min(SAMPLE, batches.rowCount);
  columns.forEach((column, index) => {
    const texts = Array.from({ length: rows }, (_, row) => {
      const place = batches.at(row, index)!;
      return shownText(cellText(place.data, place.index) ?? "null");
    });
    const needed = Math.max(measure([column.name], "head") + SORT_MARK, measure(texts, "cell"));
    column.width = Math.max(column.width, widthFor(needed));
  });
}

export function widthFor(textWidth: number): number {
  return clamp(Math.ceil(textWidth) + PADDING, NARROWEST, WIDEST);
}

/** Lines the columns up from `left`; returns where the last one ends. */
export function placeColumns(columns: Column[], left: number): number {
  let end = left;
  for (const column of columns) {
    column.left = end;
    end += column.width;
  }
  return end;
}

/** The columns, as a half-open range, that are at least partly between `from` and `to` pixels. */
export function columnsBetween(columns: Column[], from: number, to: number): [number, number] {
  let first = 0;
  while (first < columns.length && columns[first]!.left + columns[first]!.width <= from) first++;
  let end = first;
  while (end < columns.length && columns[end]!.left < to) end++;
  return [first, end];
}

/** A value's text as one line of a cell. */
export function shownText(text: string): string {
  return text.slice(0, 500).replace(/\r\n|\r|\n/g, " ⏎ ");
}
