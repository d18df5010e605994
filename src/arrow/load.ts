import {
  type Data,
  DataType,
  type FixedSizeList,
  type Float,
  makeData,
  type Union,
  UnionMode,
  type Vector,
} from "apache-arrow";
import type { BatchLayout } from "./message.ts";
import { type WireField, type WireSchema, WireType } from "./schema.ts";

/** What one batch is loaded from. */
export interface LoadInput {
  readonly layout: BatchLayout;
  /** The message body; its start is 8-byte aligned in its ArrayBuffer. */
  readonly body: Uint8Array;
  /** The buffers when they are not simply ranges of the body: compressed bodies inflate each on its own. */
  readonly inflated?: readonly Uint8Array[] | undefined;
  readonly wire: WireSchema;
  readonly dictionaries: ReadonlyMap<number, Vector>;
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
    if (field.dictionary !== null) return this.#dictionary(field, field.dictionary, length, node.nullCount);

    const { kind, type } = field;
    if (kind === WireType.Null) return makeData({ type, length, nullCount: length } as never);
    if (kind === WireType.Union) return this.#union(field, type as Union, length, node.nullCount);

    const nullBitmap = this.#validity(field, length, node.nullCount);
    const base = { type, length, nullCount: nullBitmap === undefined ? 0 : node.nullCount, nullBitmap };
    switch (kind) {
      case WireType.Utf8:
      case WireType.Binary:
        return this.#data({ ...base, ...this.#variable(field, length, 4) });
      case WireType.LargeUtf8:
      case WireType.LargeBinary:
        return this.#data({ ...base, ...this.#variable(field, length, 8) });
      case WireType.Utf8View:
      case WireType.BinaryView:
        return this.#data({ ...base, ...this.#views(field, length) });
      case WireType.List:
      case WireType.Map:
        return this.#data({ ...base, ...this.#list(field, length, 4) });
      case WireType.LargeList:
        return this.#data({ ...base, ...this.#list(field, length, 8) });
      case WireType.FixedSizeList: {
        const child = this.#child(field, 0, length * (type as FixedSizeList).listSize);
        return this.#data({ ...base, child });
      }
      case WireType.Struct:
        return this.#data({ ...base, children: field.children.map((_, i) => this.#child(field, i, length)) });
      default:
        return this.#data({ ...base, data: this.#fixed(field, length, bitWidth(field)) });
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

  #validity(field: WireField, length: number, nullCount: number): Uint8Array | undefined {
    // Columnar.rst: a column without nulls may leave the bitmap out.
    const range = this.#input.layout.buffers[this.#buffer];
    const empty = nullCount === 0 || (range !== undefined && range.length === 0);
    const bitmap = this.#next(field, empty ? 0 : (length + 7) >> 3, 1);
    if (empty && nullCount > 0)
      throw new RangeError(`column "${field.path}" has ${nullCount} nulls and no validity bitmap`);
    return empty ? undefined : bitmap;
  }

  #fixed(field: WireField, length: number, bits: number): Uint8Array {
    const size = Math.ceil((length * bits) / 8);
    return this.#next(field, size, Math.min(8, Math.max(1, bits >> 3))).subarray(0, size);
  }

  #offsets(field: WireField, length: number, width: 4 | 8): Int32Array | BigInt64Array {
    // Columnar.rst: the offsets of an empty column may be left out.
    const empty = length === 0 && this.#input.layout.buffers[this.#buffer]?.length === 0;
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

  #views(field: WireField, length: number): object {
    const views = this.#next(field, length * 16, 4).subarray(0, length * 16);
    const count = this.#input.layout.variadicCounts[this.#variadic++] ?? 0;
    if (count > this.#input.layout.buffers.length)
      throw new RangeError(`column "${field.path}" claims ${count} data buffers`);
    const variadicBuffers = Array.from({ length: count }, () => this.#next(field, 0, 1));
    checkViews(views, variadicBuffers, field);
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
    const dictionary = this.#input.dictionaries.get(id);
    if (dictionary === undefined)
      throw new RangeError(`column "${field.path}" uses dictionary ${id}, which was never sent`);
    const data = index.bitWidth === 64 ? narrow(bytes, field) : bytes;
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

function bitWidth(field: WireField): number {
  const type = field.type;
  if (DataType.isBool(type)) return 1;
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth * 8;
  if (DataType.isInt(type) || DataType.isTime(type) || DataType.isDecimal(type)) return type.bitWidth;
  if (DataType.isFloat(type)) return 16 << (type as Float).precision;
  if (DataType.isDate(type)) return 32 << type.unit;
  if (DataType.isInterval(type)) return 32 << type.unit;
  return 64; // timestamp, duration
}

/** The end of the last value; the offsets are known to start at 0 or later and never to go back. */
function lastOffset(offsets: Int32Array | BigInt64Array, field: WireField): number {
  let previous = 0;
  if (offsets instanceof Int32Array) {
    for (let i = 0; i < offsets.length; i++) {
      const offset = offsets[i]!;
      if (offset < previous) throw badOffset(field, i);
      previous = offset;
    }
    return previous;
  }
  // Read in halves: a bigint per offset would cost an allocation each.
  const words = new Uint32Array(offsets.buffer, offsets.byteOffset, offsets.length * 2);
  for (let i = 0; i < words.length; i += 2) {
    const offset = words[i + 1]! * 2 ** 32 + words[i]!;
    if (offset < previous || offset > Number.MAX_SAFE_INTEGER) throw badOffset(field, i >> 1);
    previous = offset;
  }
  return previous;
}

function badOffset(field: WireField, i: number): RangeError {
  return new RangeError(`offset ${i} of column "${field.path}" goes backwards`);
}

// Columnar.rst, variable-size binary view: [i32 length] then 12 bytes inline, or [prefix] [i32 buffer] [i32 offset].
function checkViews(views: Uint8Array, buffers: readonly Uint8Array[], field: WireField): void {
  const words = new Int32Array(views.buffer, views.byteOffset, views.byteLength >> 2);
  for (let i = 0; i < words.length; i += 4) {
    const length = words[i]!;
    if (length <= 12 && length >= 0) continue;
    const buffer = buffers[words[i + 2]!];
    const offset = words[i + 3]!;
    // The cell of a null may hold anything, but then readers do not look at it; writers zero it, so damage is the likelier cause.
    if (length < 0 || buffer === undefined || offset < 0 || offset + length > buffer.byteLength) {
      throw new RangeError(`view ${i >> 2} of column "${field.path}" points outside its buffers`);
    }
  }
}

function checkUnion(
  field: WireField,
  type: Union,
  ids: Int8Array,
  offsets: Int32Array | undefined,
  children: readonly Data[],
): void {
  const childOf = new Int8Array(256).fill(-1);
  type.typeIds.forEach((id, i) => {
    childOf[id & 255] = i;
  });
  for (let i = 0; i < ids.length; i++) {
    const child = children[childOf[ids[i]! & 255]!];
    if (child === undefined) throw new RangeError(`union "${field.path}" has no type ${ids[i]}`);
    const offset = offsets?.[i];
    if (offset !== undefined && (offset < 0 || offset >= child.length)) throw badOffset(field, i);
  }
}

/** 64-bit dictionary keys as 32-bit ones, which is what apache-arrow can look up. */
function narrow(bytes: Uint8Array, field: WireField): Int32Array {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  const keys = new Int32Array(words.length >> 1);
  for (let i = 0; i < keys.length; i++) {
    if (words[i * 2 + 1] !== 0) throw new RangeError(`a key of dictionary column "${field.path}" is beyond 32 bits`);
    keys[i] = words[i * 2]!;
  }
  return keys;
}
