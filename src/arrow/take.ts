import { type Data, type DataType, type FixedSizeList, makeData, Type, type Union, UnionMode } from "apache-arrow";
import { decimalWords } from "./decimal-words.ts";

/** Told how many bytes are about to be allocated; throws when that is more than whoever asked can spare. */
export type Spend = (bytes: number) => void;

const maxInt32 = 2 ** 31 - 1;

/** The values at some indices of a column, in the order of the indices, as a column of its own. */
export function take(data: Data, indices: Int32Array, spend: Spend): Data {
  const { type } = data;
  const { length } = indices;
  const base = { type, length, ...takeValidity(data, indices, spend) };
  switch (type.typeId as Type) {
    case Type.Null:
      return make({ type, length });
    case Type.Bool:
      spend(length >> 3);
      return make({ ...base, data: takeBits(data.values as Uint8Array, data.offset, indices) });
    case Type.Utf8:
    case Type.Binary:
    case Type.LargeUtf8:
    case Type.LargeBinary:
      return make({ ...base, ...takeBytes(data, indices, spend) });
    case Type.Utf8View:
    case Type.BinaryView:
      // The views are moved, the bytes they point to stay.
      return make({
        ...base,
        views: takeFixed(data.values, 16, indices, spend),
        variadicBuffers: data.variadicBuffers,
      });
    case Type.List:
    case Type.LargeList:
    case Type.Map: {
      const { valueOffsets, items } = takeLists(data, indices, spend);
      return make({ ...base, valueOffsets, child: take(data.children[0]!, items, spend) });
    }
    case Type.FixedSizeList: {
      const { listSize } = type as FixedSizeList;
      spend(length * listSize * 4);
      const items = new Int32Array(length * listSize);
      for (let i = 0; i < items.length; i++) items[i] = indices[Math.floor(i / listSize)]! * listSize + (i % listSize);
      return make({ ...base, child: take(data.children[0]!, items, spend) });
    }
    case Type.Struct:
      return make({ ...base, children: data.children.map((child) => take(child, indices, spend)) });
    case Type.Union:
      return takeUnion(data as Data<Union>, indices, spend);
    case Type.Dictionary:
      return make({ ...base, data: takeFixed(data.values, width(data), indices, spend), dictionary: data.dictionary });
    default:
      return make({ ...base, data: decimalWords(type, takeFixed(data.values, width(data), indices, spend)) });
  }
}

// makeData's parameter type is a union over all types, of which only the type object tells the member.
function make(props: object): Data {
  return makeData(props as Parameters<typeof makeData>[0]);
}

function width({ values, stride }: Data): number {
  return (values as Uint8Array).BYTES_PER_ELEMENT * stride;
}

function takeValidity(data: Data, indices: Int32Array, spend: Spend): object {
  const { nullBitmap, offset } = data;
  const isNullable = data.type.typeId !== Type.Union && data.nullCount > 0 && nullBitmap?.length > 0;
  if (!isNullable) return { nullCount: 0 };
  spend(indices.length >> 3);
  // -1: counted by whoever asks.
  return { nullCount: -1, nullBitmap: takeBits(nullBitmap, offset, indices) };
}

function takeBits(bits: Uint8Array, offset: number, indices: Int32Array): Uint8Array {
  const out = new Uint8Array((indices.length + 7) >> 3);
  for (let i = 0; i < indices.length; i++) {
    const at = offset + indices[i]!;
    out[i >> 3]! |= ((bits[at >> 3]! >> (at & 7)) & 1) << (i & 7);
  }
  return out;
}

/** Values of a fixed number of bytes, moved in the largest words that divide it. */
function takeFixed(values: ArrayBufferView, bytes: number, indices: Int32Array, spend: Spend): Uint8Array {
  spend(indices.length * bytes);
  const out = new Uint8Array(indices.length * bytes);
  const Words = bytes % 4 === 0 ? Uint32Array : bytes % 2 === 0 ? Uint16Array : Uint8Array;
  const size = Words.BYTES_PER_ELEMENT;
  // Fixed-size binary of an even width may stand anywhere.
  const raw = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const start = raw.byteOffset % size === 0 ? raw : raw.slice();
  const from = new Words(start.buffer, start.byteOffset, Math.floor(start.byteLength / size));
  const to = new Words(out.buffer);
  const n = bytes / size;
  for (let i = 0, at = 0; i < indices.length; i++) {
    const first = indices[i]! * n;
    for (let w = first; w < first + n; w++) to[at++] = from[w]!;
  }
  return out;
}

function takeBytes(data: Data, indices: Int32Array, spend: Spend): object {
  const values = data.values as Uint8Array;
  const { valueOffsets, ranges } = takeOffsets(data, indices, spend);
  const total = ranges.total;
  spend(total);
  const bytes = new Uint8Array(total);
  for (let i = 0, at = 0; i < indices.length; i++) {
    const start = ranges.start(i);
    const stop = ranges.stop(i);
    if (stop - start < 32) for (let b = start; b < stop; ) bytes[at++] = values[b++]!;
    else {
      bytes.set(values.subarray(start, stop), at);
      at += stop - start;
    }
  }
  return { valueOffsets, data: bytes };
}

function takeLists(data: Data, indices: Int32Array, spend: Spend): { valueOffsets: unknown; items: Int32Array } {
  const { valueOffsets, ranges } = takeOffsets(data, indices, spend);
  if (ranges.total > maxInt32) throw new RangeError(`a column of lists has more than ${maxInt32} items`);
  spend(ranges.total * 4);
  const items = new Int32Array(ranges.total);
  for (let i = 0, at = 0; i < indices.length; i++)
    for (let item = ranges.start(i), stop = ranges.stop(i); item < stop; item++) items[at++] = item;
  return { valueOffsets, items };
}

interface Ranges {
  readonly start: (i: number) => number;
  readonly stop: (i: number) => number;
  readonly total: number;
}

/** The offsets behind the move, and where each value stood before it. Both kinds of offsets stay of their kind. */
function takeOffsets(
  data: Data,
  indices: Int32Array,
  spend: Spend,
): { valueOffsets: Int32Array | BigInt64Array; ranges: Ranges } {
  const { valueOffsets } = data as { valueOffsets: Int32Array | BigInt64Array };
  const { length } = indices;
  const isLarge = valueOffsets instanceof BigInt64Array;
  spend(length * (isLarge ? 8 : 4));
  const moved = isLarge ? new BigInt64Array(length + 1) : new Int32Array(length + 1);
  const start = (i: number): number => Number(valueOffsets[indices[i]!]);
  const stop = (i: number): number => Number(valueOffsets[indices[i]! + 1]);
  let total = 0;
  for (let i = 0; i < length; i++) {
    total += stop(i) - start(i);
    if (!isLarge && total > maxInt32) throw new RangeError("a column expands beyond 2 GiB");
    if (moved instanceof BigInt64Array) moved[i + 1] = BigInt(total);
    else moved[i + 1] = total;
  }
  return { valueOffsets: moved, ranges: { start, stop, total } };
}

function takeUnion(data: Data<Union>, indices: Int32Array, spend: Spend): Data {
  const { length } = indices;
  const type = data.type as DataType as Union;
  spend(length * 5);
  const typeIds = new Int8Array(length);
  for (let i = 0; i < length; i++) typeIds[i] = data.typeIds[indices[i]!]!;
  const props = { type, length, nullCount: 0, typeIds };
  if (type.mode === UnionMode.Sparse)
    return make({ ...props, children: data.children.map((child) => take(child, indices, spend)) });
  const valueOffsets = new Int32Array(length);
  const children = data.children.map((child, c) => {
    const id = type.typeIds[c];
    const wanted: number[] = [];
    for (let i = 0; i < length; i++)
      if (typeIds[i] === id) valueOffsets[i] = wanted.push(data.valueOffsets[indices[i]!]!) - 1;
    return take(child, Int32Array.from(wanted), spend);
  });
  return make({ ...props, valueOffsets, children });
}
