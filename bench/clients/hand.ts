// What somebody writes who knows the columns: the row objects of one batch of each data set, made by a plain loop.

import type { Batch, Data } from "./ours.ts";

/** The rows of a batch of "numeric" or "mixed", the same objects that this package makes. */
export function rowsByHand(batch: Batch): object[] {
  return batch.data.children.length === 4 ? numericRows(batch) : mixedRows(batch);
}

function numericRows({ numRows, data }: Batch): object[] {
  const [ids, xs, ys, ns] = data.children.map(({ values }) => values) as [
    BigInt64Array,
    Float64Array,
    Float64Array,
    Int32Array,
  ];
  const rows = new Array<object>(numRows);
  for (let i = 0; i < numRows; i++) rows[i] = { id: ids[i], x: xs[i], y: ys[i], n: ns[i] };
  return rows;
}

function mixedRows({ numRows, data }: Batch): object[] {
  const [id, x, at, name, kind, flag] = data.children as [Data, Data, Data, Data, Data, Data];
  const ids = id.values as BigInt64Array;
  const xs = x.values as Float64Array;
  const xValid = x.nullBitmap;
  const times = at.values as BigInt64Array;
  const names = textsByHand(name, numRows);
  const kinds = kind.values as Int32Array;
  const words = Array.from(kind.dictionary!.toArray());
  const flags = flag.values as Uint8Array;
  const rows = new Array<object>(numRows);
  for (let i = 0; i < numRows; i++) {
    const bit = 1 << (i & 7);
    rows[i] = {
      id: ids[i],
      x: (xValid[i >> 3]! & bit) === 0 ? null : xs[i],
      at: new Date(Number(times[i]! / 1000n)),
      name: names[i],
      kind: words[kinds[i]!],
      flag: (flags[i >> 3]! & bit) !== 0,
    };
  }
  return rows;
}

const utf8 = new TextDecoder();

/** A column of text: decoded in one go where it is ASCII, since offsets in bytes are then offsets in characters. */
function textsByHand({ values, valueOffsets, nullBitmap }: Data, numRows: number): (string | null)[] {
  const [begin, end] = [valueOffsets[0]!, valueOffsets[numRows]!];
  const bytes = (values as Uint8Array).subarray(begin, end);
  const all = utf8.decode(bytes);
  const isAscii = all.length === bytes.length;
  return Array.from({ length: numRows }, (_, i) => {
    if ((nullBitmap[i >> 3]! & (1 << (i & 7))) === 0) return null;
    const [from, to] = [valueOffsets[i]! - begin, valueOffsets[i + 1]! - begin];
    return isAscii ? all.slice(from, to) : utf8.decode(bytes.subarray(from, to));
  });
}
