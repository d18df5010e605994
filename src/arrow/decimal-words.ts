import { type DataType, type Decimal, Type } from "apache-arrow";
import { unscaledReader } from "./decimal.ts";

/**
 * The words of a decimal column for `makeData`, such that a Table prints its values right.
 *
 * apache-arrow 21.2 prints negative decimal64 values as unsigned ones and cuts the high digits of decimal256. Its
 * `vector.get()` hands out what `subarray` returns, with its own prototype: properties of the array itself stay, so
 * that is where the right `toString` goes. As there, the text is the unscaled value.
 */
export function decimalWords(type: DataType, bytes: Uint8Array): Uint8Array | Uint32Array {
  if (type.typeId !== Type.Decimal) return bytes;
  const { bitWidth } = type as Decimal;
  if (bitWidth !== 64 && bitWidth !== 256) return bytes;
  return new DecimalWords(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength >> 2, bitWidth >> 5);
}

class DecimalWords extends Uint32Array<ArrayBuffer> {
  readonly #width: number;

  constructor(buffer: ArrayBuffer, byteOffset: number, length: number, width: number) {
    super(buffer, byteOffset, length);
    this.#width = width;
  }

  override subarray(begin = 0, end = this.length): Uint32Array<ArrayBuffer> {
    const plain = new Uint32Array(this.buffer, this.byteOffset, this.length).subarray(begin, end);
    if (plain.length !== this.#width) return new DecimalWords(this.buffer, plain.byteOffset, plain.length, this.#width);
    const words = new Int32Array(plain.buffer, plain.byteOffset, plain.length);
    const unscaled = unscaledReader(words, this.#width);
    const text = (): string => unscaled(0).toString();
    // As apache-arrow's own: JSON has the text in quotes, and 64 bits convert to a bigint where nothing is asked for.
    return Object.defineProperties(plain, {
      toString: { value: text },
      toJSON: { value: () => `"${text()}"` },
      [Symbol.toPrimitive]: {
        value: (hint: string) =>
          hint === "number"
            ? Number(unscaled(0))
            : hint === "default" && this.#width === 2
              ? BigInt(unscaled(0))
              : text(),
      },
    });
  }
}
