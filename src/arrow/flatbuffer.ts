/**
 * Reading FlatBuffers tables out of bytes that came from a server.
 *
 *   table:  [i32 distance back to the vtable] [inline fields …]
 *   vtable: [u16 its size] [u16 table size] [u16 offset of slot 0] [u16 offset of slot 1] …
 *   vector: [u32 count] [elements …]      string: [u32 byte length] [utf-8 …]
 *
 * Every read goes through a DataView, so an offset that points outside the message throws a RangeError
 * instead of reading a neighbour's bytes; `readMessage` turns that into one clear error. A DataView also
 * needs no alignment, which headers inside a protobuf message do not have.
 */
export class FlatTable {
  readonly view: DataView;
  /** Where the table stands in the view; its first word is the distance back to its vtable. */
  readonly position: number;
  readonly #vtable: number;
  readonly #vtableSize: number;
  readonly #work: Work;

  constructor(view: DataView, position: number, work: Work = { left: 64 * view.byteLength + 65_536 }) {
    this.view = view;
    this.position = position;
    this.#work = work;
    this.#do(8);
    this.#vtable = position - view.getInt32(position, true);
    this.#vtableSize = view.getUint16(this.#vtable, true);
  }

  #do(bytes: number): void {
    this.#work.left -= bytes;
    if (this.#work.left < 0) throw new RangeError("the message refers to the same bytes again and again");
  }

  /** The bytes that say where the fields stand. */
  vtable(): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.#vtable, this.#vtableSize);
  }

  /** The root table of a buffer whose first word is the offset of that table. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  /** Where the field of a slot stands, or 0 when the writer left it out (its default applies). */
  at(slot: number): number {
    const entry = 4 + slot * 2;
    if (entry + 2 > this.#vtableSize) return 0;
    const offset = this.view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? 0 : this.position + offset;
  }

  has(slot: number): boolean {
    return this.at(slot) !== 0;
  }

  uint8(slot: number, otherwise = 0): number {
    const at = this.at(slot);
    return at === 0 ? otherwise : this.view.getUint8(at);
  }

  bool(slot: number): boolean {
    return this.uint8(slot) !== 0;
  }

  int16(slot: number, otherwise = 0): number {
    const at = this.at(slot);
    return at === 0 ? otherwise : this.view.getInt16(at, true);
  }

  int32(slot: number, otherwise = 0): number {
    const at = this.at(slot);
    return at === 0 ? otherwise : this.view.getInt32(at, true);
  }

  /** A 64-bit integer as a number; throws when it is not one that a number holds exactly. */
  int64(slot: number): number {
    const at = this.at(slot);
    return at === 0 ? 0 : safeInt64(this.view, at);
  }

  string(slot: number): string | null {
    const at = this.at(slot);
    if (at === 0) return null;
    const start = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(start, true);
    if (start + 4 + length > this.view.byteLength) throw new RangeError("a text reaches beyond the message");
    this.#do(length);
    return utf8.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + start + 4, length));
  }

  table(slot: number): FlatTable | null {
    const at = this.at(slot);
    return at === 0 ? null : new FlatTable(this.view, at + this.view.getUint32(at, true), this.#work);
  }

  /** Start and count of a vector; `width` is the size of one element, so that the whole of it is known to lie inside. */
  vector(slot: number, width: number): { start: number; count: number } {
    const at = this.at(slot);
    if (at === 0) return { start: 0, count: 0 };
    const start = at + this.view.getUint32(at, true);
    const count = this.view.getUint32(start, true);
    if (start + 4 + count * width > this.view.byteLength) throw new RangeError("a vector reaches beyond the message");
    this.#do(count * width);
    return { start: start + 4, count };
  }

  tables(slot: number): FlatTable[] {
    const { start, count } = this.vector(slot, 4);
    return Array.from({ length: count }, (_, i) => {
      const at = start + i * 4;
      return new FlatTable(this.view, at + this.view.getUint32(at, true), this.#work);
    });
  }

  int32s(slot: number): Int32Array {
    const { start, count } = this.vector(slot, 4);
    return Int32Array.from({ length: count }, (_, i) => this.view.getInt32(start + i * 4, true));
  }
}

/** Tables and texts may be shared, so few bytes can describe much: reading stops when that gets out of proportion. */
interface Work {
  left: number;
}

/** The 64-bit integer at a position, as a number; lengths and offsets beyond 2^53 exist only in damaged messages. */
export function safeInt64(view: DataView, at: number): number {
  const value = view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no length or offset`);
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
