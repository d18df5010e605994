import type { CellAddress } from "../grid-keys.ts";

/** A rectangle of cells: from the one it was begun at to the one it now reaches, in any direction. */
export interface Selection {
  anchor: CellAddress;
  focus: CellAddress;
}

/** The rectangle's rows and columns, half-open. */
export interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export function rangeOf({ anchor, focus }: Selection): Range {
  return {
    top: Math.min(anchor.row, focus.row),
    bottom: Math.max(anchor.row, focus.row) + 1,
    left: Math.min(anchor.column, focus.column),
    right: Math.max(anchor.column, focus.column) + 1,
  };
}

export function inRange(range: Range | undefined, row: number, column: number): boolean {
  if (!range) return false;
  return row >= range.top && row < range.bottom && column >= range.left && column < range.right;
}

export function cellsIn({ top, bottom, left, right }: Range): number {
  return (bottom - top) * (right - left);
}
