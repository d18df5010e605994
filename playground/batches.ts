import type { Data, RecordBatch, Schema } from "apache-arrow";

/** One value: its column's data in the batch that holds it, and the place in that batch. */
export interface Place {
  data: Data;
  index: number;
}

/** The Arrow batches of one result as one long list of rows. Keeps the batches as they came: no row is ever made. */
export class Batches {
  readonly schema: Schema;
  readonly #batches: RecordBatch[] = [];
  /** The number of the first row of each batch. */
  readonly #starts: number[] = [];
  #rows = 0;
  #last = 0;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  get rowCount(): number {
    return this.#rows;
  }

  push(batch: RecordBatch): void {
    if (batch.numRows === 0) return;
    this.#batches.push(batch);
    this.#starts.push(this.#rows);
    this.#rows += batch.numRows;
  }

  /** The batches, as they came. */
  get list(): readonly RecordBatch[] {
    return this.#batches;
  }

  /** A column's data, batch by batch. */
  column(index: number): Data[] {
    return this.#batches.map((batch) => batch.data.children[index]!);
  }

  /** Where the value of a row and a column is; undefined when there is no such row or column. */
  at(row: number, column: number): Place | undefined {
    if (row < 0 || row >= this.#rows) return undefined;
    const batch = this.#batchOf(row);
    const data = this.#batches[batch]!.data.children[column];
    return data && { data, index: row - this.#starts[batch]! };
  }

  #batchOf(row: number): number {
    // Neighbouring rows are asked for one after another: try the last answer first.
    const next = this.#starts[this.#last + 1] ?? this.#rows;
    if (row >= this.#starts[this.#last]! && row < next) return this.#last;
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low;
  }
}
