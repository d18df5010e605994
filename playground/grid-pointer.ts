import type { CellAddress } from "./grid-keys.ts";

export interface PointerActions {
  /** The cell under a point of the window, or the nearest. */
  at(x: number, y: number): CellAddress;
  /** `extend`: from where the selection was begun, to this cell. */
  select(cell: CellAddress, extend: boolean): void;
  selectRow(row: number, extend: boolean): void;
}

/** Selects with a mouse: by a click, by dragging, with Shift from the last click on. A finger drags the rows: it selects by a tap. */
export function followPointer(body: HTMLElement, actions: PointerActions): void {
  const begin = (event: MouseEvent): void => {
    const cell = actions.at(event.clientX, event.clientY);
    if ((event.target as Element).closest(".grid-number")) actions.selectRow(cell.row, event.shiftKey);
    else if ((event.target as Element).closest(".grid-row")) actions.select(cell, event.shiftKey);
  };
  let isMouse = true;
  body.addEventListener("pointerdown", (event) => {
    isMouse = event.pointerType === "mouse";
    if (!isMouse || event.button !== 0) return;
    begin(event);
    const isRow = (event.target as Element).closest(".grid-number") !== null;
    const stop = new AbortController();
    const { signal } = stop;
    let last = actions.at(event.clientX, event.clientY);
    const move = ({ clientX, clientY }: PointerEvent): void => {
      const cell = actions.at(clientX, clientY);
      if (cell.row === last.row && cell.column === last.column) return;
      last = cell;
      if (isRow) actions.selectRow(cell.row, true);
      else actions.select(cell, true);
    };
    addEventListener("pointermove", move, { signal });
    addEventListener("pointerup", () => stop.abort(), { signal });
    addEventListener("pointercancel", () => stop.abort(), { signal });
  });
  body.addEventListener("click", (event) => {
    if (!isMouse) begin(event);
  });
}
