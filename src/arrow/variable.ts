import { Misfit } from "./misfit.ts";

const utf8 = new TextEncoder();

/** Bytes that grow. */
class Sink {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  length = 0;

  text(value: string): void {
    // A UTF-16 unit takes 3 bytes at most.
    this.#reserve(value.length * 3);
    this.length += utf8.encodeInto(value, this.bytes.subarray(this.length)).written;
  }

  push(value: Uint8Array): void {
    this.#reserve(value.byteLength);
    this.bytes.set(value, this.length);
    this.length += value.byteLength;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(this.bytes.byteLength * 2, this.length + more));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

const maxInt32 = 2 ** 31 - 1;

/** Builds a column of texts or bytes with offsets. Values come in order; rows that are skipped are empty. */
export class BytesBuilder {
  readonly #sink = new Sink();
  readonly #ends: Float64Array;
  readonly #isLarge: boolean;

  constructor(length: number, isLarge: boolean) {
    this.#ends = new Float64Array(length + 1);
    this.#isLarge = isLarge;
  }

  text(i: number, value: string): void {
    this.#sink.text(value);
    this.#end(i);
  }

  bytes(i: number, value: Uint8Array): void {
    this.#sink.push(value);
    this.#end(i);
  }

  #end(i: number): void {
    const { length } = this.#sink;
    if (length > maxInt32 && !this.#isLarge) throw new Misfit("takes the column beyond 2 GiB: send smaller batches");
    this.#ends[i + 1] = length;
  }

  finish(): { valueOffsets: Int32Array | BigInt64Array; data: Uint8Array } {
    const ends = this.#ends;
    for (let i = 1; i < ends.length; i++) ends[i] = Math.max(ends[i]!, ends[i - 1]!);
    const valueOffsets = this.#isLarge ? BigInt64Array.from(ends, BigInt) : Int32Array.from(ends);
    return { valueOffsets, data: this.#sink.finish() };
  }
}

/** Builds a column of views; values of more than 12 bytes go to one data buffer (Columnar.rst, binary view layout). */
export class ViewsBuilder {
  readonly #sink = new Sink();
  readonly #views: Uint8Array;
  readonly #view: DataView;

  constructor(length: number) {
    this.#views = new Uint8Array(length * 16);
    this.#view = new DataView(this.#views.buffer);
  }

  text(i: number, value: string): void {
    this.bytes(i, utf8.encode(value));
  }

  bytes(i: number, value: Uint8Array): void {
    this.#view.setInt32(i * 16, value.byteLength, true);
    this.#views.set(value.subarray(0, value.byteLength <= 12 ? 12 : 4), i * 16 + 4);
    if (value.byteLength <= 12) return;
    this.#view.setInt32(i * 16 + 12, this.#sink.length, true);
    this.#sink.push(value);
    if (this.#sink.length > maxInt32) throw new Misfit("takes the column beyond 2 GiB: send smaller batches");
  }

  finish(): { views: Uint8Array; variadicBuffers: Uint8Array[] } {
    return { views: this.#views, variadicBuffers: this.#sink.length === 0 ? [] : [this.#sink.finish()] };
  }
}
