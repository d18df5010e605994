import type { RecordBatch } from "apache-arrow";
import { type ValueReader, valueReader } from "../arrow/values.ts";

/** Some rows of a batch: enough to be worth a write, few enough that their text stays small. */
export interface Piece {
  readonly begin: number;
  readonly end: number;
  /** One for each column. */
  readonly readers: readonly ValueReader[];
}

const pieceRows = 1000;

/** The rows of batches, `pieceRows` at a time and `limit` at most; `more` tells whether rows were left. */
export async function* piecesOf(
  batches: AsyncIterable<RecordBatch>,
  limit: number,
  more: () => void = () => {},
): AsyncGenerator<Piece, void, undefined> {
  let left = limit;
  for await (const batch of batches) {
    for (let begin = 0; begin < batch.numRows; begin += pieceRows) {
      // Asked for one row beyond the limit: only then is it known that there are more.
      if (left === 0) return more();
      const end = Math.min(begin + Math.min(pieceRows, left), batch.numRows);
      left -= end - begin;
      yield { begin, end, readers: readersOf(batch, begin, end) };
      if (left === 0 && end < batch.numRows) return more();
    }
  }
}

function readersOf(batch: RecordBatch, begin: number, end: number): ValueReader[] {
  return batch.data.children.map((column, c) =>
    valueReader(column, begin, end, batch.schema.fields[c]!.name, { timestamp: "string" }),
  );
}
