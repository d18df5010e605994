import {
  type Data,
  DataType,
  type FixedSizeList,
  type Float,
  type Int,
  makeData,
  type Union,
  UnionMode,
  Vector,
} from "apache-arrow";
import { checkKeys, checkUnion, checkViews, lastOffset, narrowKeys } from "./check.ts";
import { decimalWords } from "./decimal-words.ts";
import { runIndices, viewItems } from "./expand.ts";
import type { BatchLayout } from "./message.ts";
import type { WireField, WireSchema } from "./schema.ts";
import { type Spend, take } from "./take.ts";
import { WireType } from "./wire-type.ts";

/** What one batch is loaded from. */
export interface LoadInput {
  readonly layout: BatchLayout;
  /** The message body; its start is 8-byte aligned in its ArrayBuffer. */
  readonly body: Uint8Array;
  /** The buffers when they are not simply ranges of the body: compressed bodies inflate each on its own. */
  readonly inflated?: readonly Uint8Array[] | undefined;
  readonly wire: WireSchema;
  readonly dictionaries: ReadonlyMap<number, Vector>;
  /** Told how much is about to be allocated beside the body. */
  readonly spend: Spend;
}

/**
 * Lays apache-arrow `Data` over the buffers of a batch, copying nothing.
 *
 * Every count, range and offset that a damaged message could get wrong is checked here, once per column or in one
 * tight pass over its offsets, so that whatever reads the values later cannot leave its buffer.
 */
export function loadColumns(fields: readonly WireField[], input: LoadInput): Data[] {
  const loader = new Loader(input);
  const columns = fields.map((field) => loader.load(field));
  loader.finish();
  return columns;
}

class Loader {
  readonly #input: LoadInput;
  #node = 0;
  #buffer = 0;
  #variadic = 0;

  constructor(input: LoadInput) {
    this.#input = input;
  }

  finish(): void {
    const { nodes, buffers } = this.#input.layout;
    if (this.#node !== nodes.length || this.#buffer !== buffers.length) {
      throw new RangeError(
        `the batch has ${nodes.length} nodes and ${buffers.length} buffers, its schema ${this.#node} and ${this.#buffer}`,
      );
    }
  }

  load(field: WireField): Data {
    const node = this.#input.layout.nodes[this.#node++];
    if (node === undefined) throw new RangeError(`the batch ends before column "${field.path}"`);
    const { length } = node;
    if (length > maxLength) throw new RangeError(`column "${field.path}" claims ${length} values in one batch`);
    if (field.dictionary !== null) return this.#dictionary(field, field.dictionary, length, node.nullCount);

    const { kind, type } = field;
    if (kind === WireType.Null) return makeData({ type, length, nullCount: length } as never);
    if (kind === WireType.Union) return this.#union(field, type as Union, length, node.nullCount);
    if (kind === WireType.RunEndEncoded) return this.#runs(field, length);

    const nullBitmap = this.#validity(field, length, node.nullCount);
    const base = { type, length, nullCount: nullBitmap === undefined ? 0 : node.nullCount, nullBitmap };
    const isNull = nullTest(nullBitmap);
    switch (kind) {
      case WireType.Utf8:
      case WireType.Binary:
        return this.#data({ ...base, ...this.#variable(field, length, 4) });
      case WireType.LargeUtf8:
      case WireType.LargeBinary:
        return this.#data({ ...base, ...this.#variable(field, length, 8) });
      case WireType.Utf8View:
      case WireType.BinaryView:
        return this.#data({ ...base, ...this.#views(field, length, isNull) });
      case WireType.List:
      case WireType.Map:
        return this.#data({ ...base, ...this.#list(field, length, 4) });
      case WireType.LargeList:
        return this.#data({ ...base, ...this.#list(field, length, 8) });
      case WireType.ListView:
        return this.#data({ ...base, ...this.#listView(field, length, 4, isNull) });
      case WireType.LargeListView:
        return this.#data({ ...base, ...this.#listView(field, length, 8, isNull) });
      case WireType.FixedSizeList: {
        const child = this.#child(field, 0, length * (type as FixedSizeList).listSize);
        return this.#data({ ...base, child });
      }
      case WireType.Struct:
        return this.#data({ ...base, children: field.children.map((_, i) => this.#child(field, i, length)) });
      default:
        return this.#data({ ...base, data: decimalWords(type, this.#fixed(field, length, bitWidth(type))) });
    }
  }

  // makeData's parameter type is a union over all types, of which only the type object tells the member.
  #data(props: object): Data {
    return makeData(props as Parameters<typeof makeData>[0]);
  }

  /** The next buffer, aligned for `width`-byte values and at least `size` bytes long. */
  #next(field: WireField, size: number, width: number): Uint8Array {
    const i = this.#buffer++;
    const range = this.#input.layout.buffers[i];
    if (range === undefined) throw new RangeError(`the batch ends before the buffers of column "${field.path}"`);
    const { body, inflated } = this.#input;
    if (inflated === undefined && range.offset + range.length > body.byteLength) {
      throw new RangeError(
        `a buffer of column "${field.path}" reaches beyond the batch's body of ${body.byteLength} bytes`,
      );
    }
    const bytes = inflated?.[i] ?? body.subarray(range.offset, range.offset + range.length);
    if (bytes.byteLength < size) {
      throw new RangeError(`a buffer of column "${field.path}" has ${bytes.byteLength} bytes and needs ${size}`);
    }
    // Typed arrays refuse a misaligned start. Writers align buffers to 8 (Columnar.rst), so this copy is a last resort.
    return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  }

  #nextIsEmpty(): boolean {
    const { layout, inflated } = this.#input;
    return (inflated?.[this.#buffer]?.byteLength ?? layout.buffers[this.#buffer]?.length) === 0;
  }

  #validity(field: WireField, length: number, nullCount: number): Uint8Array | undefined {
    // Columnar.rst: a column without nulls may leave the bitmap out.
    const empty = nullCount === 0 || this.#nextIsEmpty();
    const bitmap = this.#next(field, empty ? 0 : (length + 7) >> 3, 1);
    if (empty && nullCount > 0)
      throw new RangeError(`column "${field.path}" has ${nullCount} nulls and no validity bitmap`);
    return empty ? undefined : bitmap;
  }

  #fixed(field: WireField, length: number, bits: number): Uint8Array {
    const size = Math.ceil((length * bits) / 8);
    // Bytes have no alignment, and 3 or 16 of them are still bytes.
    const width = field.kind === WireType.FixedSizeBinary ? 1 : Math.min(8, Math.max(1, bits >> 3));
    return this.#next(field, size, width).subarray(0, size);
  }

  #offsets(field: WireField, length: number, width: 4 | 8): Int32Array | BigInt64Array {
    // Columnar.rst: the offsets of an empty column may be left out.
    const empty = length === 0 && this.#nextIsEmpty();
    const count = empty ? 0 : length + 1;
    const bytes = this.#next(field, count * width, width);
    if (width === 4) return empty ? new Int32Array(1) : new Int32Array(bytes.buffer, bytes.byteOffset, count);
    return empty ? new BigInt64Array(1) : new BigInt64Array(bytes.buffer, bytes.byteOffset, count);
  }

  #variable(field: WireField, length: number, width: 4 | 8): object {
    const valueOffsets = this.#offsets(field, length, width);
    const end = lastOffset(valueOffsets, field);
    return { valueOffsets, data: this.#next(field, end, 1) };
  }

  #list(field: WireField, length: number, width: 4 | 8): object {
    const valueOffsets = this.#offsets(field, length, width);
    return { valueOffsets, child: this.#child(field, 0, lastOffset(valueOffsets, field)) };
  }

  #listView(field: WireField, length: number, width: 4 | 8, isNull: NullTest): object {
    const [starts, sizes] = [this.#integers(field, length, width), this.#integers(field, length, width)];
    const child = this.#child(field, 0, 0);
    const { valueOffsets, items } = viewItems(starts, sizes, child.length, field.path, isNull, this.#input.spend);
    return { valueOffsets, child: items === null ? child : take(child, items, this.#input.spend) };
  }

  #integers(field: WireField, length: number, width: 4 | 8): Int32Array | BigInt64Array {
    const bytes = this.#next(field, length * width, width);
    return width === 4
      ? new Int32Array(bytes.buffer, bytes.byteOffset, length)
      : new BigInt64Array(bytes.buffer, bytes.byteOffset, length);
  }

  // Columnar.rst: a run-end encoded column has no buffers and no nulls of its own.
  #runs(field: WireField, length: number): Data {
    const [ends, values] = [this.#child(field, 0, 0), this.#child(field, 1, 0)];
    if (ends.nullCount > 0) throw new RangeError(`a run end of column "${field.path}" is null`);
    const runs = ends.values as Int16Array | Int32Array | BigInt64Array;
    return take(values, runIndices(runs, length, values.length, field.path, this.#input.spend), this.#input.spend);
  }

  #views(field: WireField, length: number, isNull: NullTest): object {
    const views = this.#next(field, length * 16, 4).subarray(0, length * 16);
    const count = this.#input.layout.variadicCounts[this.#variadic++] ?? 0;
    if (count > this.#input.layout.buffers.length)
      throw new RangeError(`column "${field.path}" claims ${count} data buffers`);
    const variadicBuffers = Array.from({ length: count }, () => this.#next(field, 0, 1));
    checkViews(views, variadicBuffers, field, isNull);
    return { views, variadicBuffers };
  }

  #child(field: WireField, i: number, needed: number): Data {
    const child = this.load(field.children[i]!);
    if (child.length < needed) {
      throw new RangeError(`column "${field.path}" needs ${needed} values of its child, which has ${child.length}`);
    }
    return child;
  }

  #union(field: WireField, type: Union, length: number, nullCount: number): Data {
    if (this.#input.wire.unionsHaveValidity) {
      this.#next(field, 0, 1);
      if (nullCount > 0)
        throw new TypeError(
          `union "${field.path}" of the format before Arrow 1.0 has nulls of its own, which cannot be shown`,
        );
    }
    const ids = this.#fixed(field, length, 8);
    const typeIds = new Int8Array(ids.buffer, ids.byteOffset, length);
    if (type.mode === UnionMode.Sparse) {
      const children = field.children.map((_, i) => this.#child(field, i, length));
      checkUnion(field, type, typeIds, undefined, children);
      return this.#data({ type, length, nullCount: 0, typeIds, children });
    }
    const offsets = this.#fixed(field, length, 32);
    const valueOffsets = new Int32Array(offsets.buffer, offsets.byteOffset, length);
    const children = field.children.map((_, i) => this.#child(field, i, 0));
    checkUnion(field, type, typeIds, valueOffsets, children);
    return this.#data({ type, length, nullCount: 0, typeIds, valueOffsets, children });
  }

  #dictionary(
    field: WireField,
    { id, index, type }: NonNullable<WireField["dictionary"]>,
    length: number,
    nullCount: number,
  ): Data {
    const nullBitmap = this.#validity(field, length, nullCount);
    const bytes = this.#fixed(field, length, index.bitWidth);
    const isNull = nullTest(nullBitmap);
    const data = index.bitWidth === 64 ? narrowKeys(bytes) : keysOf(bytes, index);
    // Columnar.rst: the dictionary of columns that have been all null so far may still be to come.
    const dictionary = this.#input.dictionaries.get(id) ?? emptyVector(field.type);
    if (dictionary.length === 0 && !this.#input.dictionaries.has(id) && data.some((_, i) => !isNull(i)))
      throw new RangeError(`column "${field.path}" uses dictionary ${id}, which was never sent`);
    checkKeys(data, dictionary.length, field, isNull);
    return this.#data({
      type,
      length,
      nullCount: nullBitmap === undefined ? 0 : nullCount,
      nullBitmap,
      data,
      dictionary,
    });
  }
}

// Arrow's own libraries count rows in 32 bits; columns of nulls could claim any number without having a byte.
const maxLength = 2 ** 31 - 1;

type NullTest = (row: number) => boolean;

function nullTest(bitmap: Uint8Array | undefined): NullTest {
  return bitmap === undefined ? () => false : (row) => ((bitmap[row >> 3]! >> (row & 7)) & 1) === 0;
}

function keysOf(bytes: Uint8Array, { ArrayType, bitWidth }: Int): Int32Array {
  const Keys = ArrayType as Int32ArrayConstructor; // or another of 8, 16 or 32 bits, signed or not
  return new Keys(bytes.buffer as ArrayBuffer, bytes.byteOffset, (bytes.byteLength * 8) / bitWidth);
}

function emptyVector(type: DataType): Vector {
  return new Vector([makeData({ type, length: 0, nullCount: 0 } as unknown as Parameters<typeof makeData>[0])]);
}

function bitWidth(type: DataType): number {
  if (DataType.isBool(type)) return 1;
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth * 8;
  if (DataType.isInt(type) || DataType.isTime(type) || DataType.isDecimal(type)) return type.bitWidth;
  if (DataType.isFloat(type)) return 16 << (type as Float).precision;
  if (DataType.isDate(type)) return 32 << type.unit;
  if (DataType.isInterval(type)) return 32 << type.unit;
  return 64; // timestamp, duration
}
