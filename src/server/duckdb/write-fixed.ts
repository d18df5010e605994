import { type Data, type Decimal, type Interval, TimeUnit } from "apache-arrow";
import { halfToNumber } from "../../arrow/half.ts";
import { intervalReader } from "../../arrow/interval.ts";
import { isNull, misfit } from "./write-rows.ts";

/* Arrow values to the bytes of DuckDB's, where their layouts differ. Null rows may hold anything, and are left out. */

export type Convert = (data: Data, start: number, count: number) => ArrayBufferView;

/** Values whose layout is the same in both. */
export function sameBytes(width: number): Convert {
  return ({ values }, start, count) => new Uint8Array(values.buffer, values.byteOffset + start * width, count * width);
}

export const boolBytes: Convert = ({ values, offset }, start, count) => {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const bit = offset + start + i;
    out[i] = (values[bit >> 3] >> (bit & 7)) & 1;
  }
  return out;
};

export const halfFloats: Convert = ({ values }, start, count) =>
  Float32Array.from({ length: count }, (_, i) => halfToNumber(values[start + i]));

/** Milliseconds to whole days. */
export const daysOfMs: Convert = (data, start, count) => {
  const ms = longs(data, start, count);
  return Int32Array.from({ length: count }, (_, i) =>
    isNull(data, start + i) ? 0 : Math.floor(Number(ms[i]) / 86400e3),
  );
};

/** Counts of a unit to microseconds, exactly or not at all. */
export function microseconds(unit: TimeUnit, column: string): Convert {
  const factor = unit === TimeUnit.SECOND ? 1_000_000n : unit === TimeUnit.MILLISECOND ? 1000n : 1n;
  return (data, start, count) => {
    const from = data.values.BYTES_PER_ELEMENT === 4 ? data.values.subarray(start) : longs(data, start, count);
    const out = new BigInt64Array(count);
    for (let i = 0; i < count; i++) {
      if (isNull(data, start + i)) continue;
      out[i] = toMicroseconds(BigInt(from[i]), unit, factor, column);
    }
    return out;
  };
}

function toMicroseconds(value: bigint, unit: TimeUnit, factor: bigint, column: string): bigint {
  if (unit === TimeUnit.NANOSECOND) return exactMicroseconds(value, column);
  const micros = value * factor;
  if (BigInt.asIntN(64, micros) !== micros) throw misfit(column, "has a time beyond what DuckDB's microseconds reach");
  return micros;
}

function exactMicroseconds(nanoseconds: bigint, column: string): bigint {
  const micros = nanoseconds / 1000n;
  if (micros * 1000n !== nanoseconds)
    throw misfit(column, "has nanoseconds, and DuckDB's type for it counts microseconds: round them first");
  return micros;
}

/** An interval of any unit as months, days and microseconds. */
export function intervals(type: Interval, column: string): Convert {
  return (data, start, count) => {
    const { values } = data;
    const read = intervalReader(new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2), type.unit);
    const out = new BigInt64Array(count * 2);
    const halves = new Int32Array(out.buffer);
    for (let i = 0; i < count; i++) {
      if (isNull(data, start + i)) continue;
      const { months, days, nanoseconds } = read(start + i);
      halves[i * 4] = months;
      halves[i * 4 + 1] = days;
      out[i * 2 + 1] = exactMicroseconds(nanoseconds, column);
    }
    return out;
  };
}

/** Signed integers of 4 to 32 bytes to ones of `width`; a value that does not fit is an error. */
export function resizedIntegers(type: Decimal, width: 2 | 4 | 8 | 16, column: string, unsigned: boolean): Convert {
  const words = type.bitWidth >> 5;
  const kept = Math.max(1, width >> 2);
  return (data, start, count) => {
    const { values } = data;
    const from = new Int32Array(values.buffer, values.byteOffset + start * words * 4, count * words);
    const out = new Int32Array(count * kept);
    for (let i = 0; i < count; i++) {
      if (isNull(data, start + i)) continue;
      const sign = from[(i + 1) * words - 1]! >> 31;
      const filled = Math.min(words, kept);
      for (let w = 0; w < kept; w++) out[i * kept + w] = w < filled ? from[i * words + w]! : sign;
      let fits = unsigned ? sign === 0 : out[(i + 1) * kept - 1]! >> 31 === sign;
      for (let w = kept; w < words; w++) fits &&= from[i * words + w] === sign;
      if (width === 2) fits &&= out[i] === (out[i]! << 16) >> 16;
      if (!fits) throw misfit(column, `has a value that its type ${type} does not allow`);
    }
    return width === 2 ? Int16Array.from(out) : out;
  };
}

function longs({ values }: Data, start: number, count: number): BigInt64Array {
  const at = values.byteOffset + start * 8;
  if (at % 8 === 0) return new BigInt64Array(values.buffer, at, count);
  return new BigInt64Array(values.buffer.slice(at, at + count * 8));
}
