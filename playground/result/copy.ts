import { valueText } from "../format.ts";
import type { RowView } from "./row-view.ts";
import { cellsIn, type Range } from "./selection.ts";

/** Cells that a clipboard is given at most: beyond it spreadsheets choke, and an export is the better way. */
export const COPY_LIMIT = 500_000;

/**
 * A range as tab-separated text, as spreadsheets take it: null is empty, and what has a tab, a quote or a line break
 * is quoted. One cell alone is its text as it is.
 */
export function rangeText(rows: RowView, range: Range, names?: readonly string[]): string {
  const text = (row: number, column: number): string => {
    const place = rows.at(row, column);
    return (place && valueText(place.data, place.index)) ?? "";
  };
  if (cellsIn(range) === 1 && !names) return text(range.top, range.left);
  const lines = names ? [names.slice(range.left, range.right).map(quoted).join("\t")] : [];
  for (let row = range.top; row < range.bottom; row++) {
    let line = "";
    for (let column = range.left; column < range.right; column++) {
      line += (column > range.left ? "\t" : "") + quoted(text(row, column));
    }
    lines.push(line);
  }
  return lines.join("\n");
}

function quoted(text: string): string {
  return /[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
