import type { RowView } from "./row-view.ts";
import { type SortBy, sortedRows } from "./sort.ts";
import { pauses } from "./turns.ts";

/** Keeps the rows shown in the order that was asked for last. */
export class Sorter {
  readonly #changed: (by: SortBy | undefined) => void;
  readonly #say: (text: string) => void;
  #rows: RowView | undefined;
  #by: SortBy | undefined;
  #sorted = 0;
  #work = new AbortController();

  /** `changed` is called when the rows are in their new order. */
  constructor(changed: (by: SortBy | undefined) => void, say: (text: string) => void) {
    this.#changed = changed;
    this.#say = say;
  }

  show(rows: RowView | undefined): void {
    this.#work.abort();
    this.#rows = rows;
    this.#by = undefined;
  }

  /** Sorts what has arrived; `refresh` does it again with what comes later. */
  async sort(by: SortBy | undefined): Promise<void> {
    const rows = this.#rows;
    if (!rows) return;
    this.#work.abort();
    this.#work = new AbortController();
    const { signal } = this.#work;
    this.#by = by;
    const name = by && rows.batches.schema.fields[by.column]!.name;
    if (by) this.#say(`Sorting by ${name}…`);
    try {
      const order = by && (await sortedRows(rows.batches, by, pauses(signal)));
      this.#sorted = order?.length ?? 0;
      rows.order = order;
      this.#changed(by);
      this.#say(by ? `Sorted by ${name}, ${by.descending ? "descending" : "ascending"}.` : "");
    } catch (error) {
      if (signal.aborted) return;
      this.#say(`Not sorted: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Takes the rows into the order that came after they were sorted. */
  async refresh(): Promise<void> {
    if (this.#by && this.#rows && this.#sorted < this.#rows.rowCount) await this.sort(this.#by);
  }
}
