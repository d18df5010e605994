import type { Data, DataType } from "apache-arrow";
import type { Part } from "./memory.ts";

/** How one column (or one level of a nested one) goes from DuckDB's vectors to an Arrow array. */
export interface Column {
  readonly type: DataType;
  /** Copies the parts, one after the other, to one array of `rows` values. */
  join(parts: readonly Part[], rows: number): Data;
  /** About how many bytes a part takes in Arrow. */
  bytes(part: Part): number;
}

/** Dictionary ids count up from 0 in each schema, so that a statement has the same schema every time. */
export interface Ids {
  next: number;
}
