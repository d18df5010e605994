import { clamp } from "./scroll-map.ts";

export interface CellAddress {
  /** -1 is the header. */
  row: number;
  column: number;
}

export interface GridLimits {
  rows: number;
  columns: number;
  /** Rows that PageUp and PageDown move. */
  page: number;
}

/** Where a key moves the selection: the keys of WAI-ARIA's grid pattern. Undefined for a key that is none of them. */
export function nextCell(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">,
  at: CellAddress,
  limits: GridLimits,
): CellAddress | undefined {
  if (event.altKey) return undefined;
  const all = event.ctrlKey || event.metaKey;
  const end = { row: limits.rows - 1, column: limits.columns - 1 };
  const to = (row: number, column: number, top = 0): CellAddress => ({
    row: clamp(row, top, end.row),
    column: clamp(column, 0, end.column),
  });
  switch (event.key) {
    case "ArrowDown":
      return all ? to(end.row, at.column) : to(at.row + 1, at.column);
    case "ArrowUp":
      return all ? to(0, at.column) : to(at.row - 1, at.column, -1);
    case "ArrowRight":
      return all ? to(at.row, end.column, -1) : to(at.row, at.column + 1, -1);
    case "ArrowLeft":
      return all ? to(at.row, 0, -1) : to(at.row, at.column - 1, -1);
    case "PageDown":
      return to(at.row + limits.page, at.column);
    case "PageUp":
      return to(at.row - limits.page, at.column);
    case "Home":
      return to(all ? 0 : at.row, 0, -1);
    case "End":
      return to(all ? end.row : at.row, end.column, -1);
    default:
      return undefined;
  }
}
