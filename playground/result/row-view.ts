import type { Batches, Place } from "../batches.ts";

/** The rows of a result in the order they are shown. */
export class RowView {
  readonly batches: Batches;
  /** Row numbers of the result, one for each row shown; rows beyond it, which came later, follow as they came. */
  order: Uint32Array | undefined;

  constructor(batches: Batches) {
    this.batches = batches;
  }

  get rowCount(): number {
    return this.batches.rowCount;
  }

  at(row: number, column: number): Place | undefined {
    return this.batches.at(this.order?.[row] ?? row, column);
  }
}
