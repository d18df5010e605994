import { type Data, DataType, Precision, TimeUnit } from "apache-arrow";
import { unscaledReader } from "../../src/arrow/decimal.ts";
import { halfToNumber } from "../../src/arrow/half.ts";
import { millisecondReader } from "../../src/arrow/temporal.ts";
import { valueReader } from "../../src/arrow/values.ts";
import type { Batches } from "../batches.ts";
import type { Pause } from "./turns.ts";

/** What a column's values can be drawn as: places in time, amounts, names of groups, or nothing. */
export type Kind = "time" | "number" | "category" | "other";

export function kindOf(type: DataType): Kind {
  if (DataType.isDictionary(type)) return kindOf(type.dictionary);
  if (DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type) || DataType.isDuration(type)) {
    return "number";
  }
  if (DataType.isDate(type) || DataType.isTimestamp(type)) return "time";
  const isText = DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
  return isText || DataType.isBool(type) ? "category" : "other";
}

const STEP = 8192;

/**
 * A column of kind "number" or "time" as doubles: times in milliseconds since 1970, nulls as NaN. Digits beyond 2^53 are
 * rounded: for drawings, not for reading off.
 */
export async function numbersOf(batches: Batches, column: number, pause: Pause): Promise<Float64Array> {
  const numbers = new Float64Array(batches.rowCount);
  let start = 0;
  for (const data of batches.column(column)) {
    const hasNulls = data.nullCount > 0;
    for (let begin = 0; begin < data.length; begin += STEP) {
      const end = Math.min(begin + STEP, data.length);
      const read = numberReader(data, begin, end);
      for (let i = begin; i < end; i++) numbers[start + i] = hasNulls && !data.getValid(i) ? Number.NaN : read(i);
      await pause();
    }
    start += data.length;
  }
  return numbers;
}

function numberReader(data: Data, begin: number, end: number): (i: number) => number {
  const { type, values } = data;
  if (DataType.isInt(type)) return type.bitWidth === 64 ? (i) => Number(values[i]) : (i) => values[i];
  if (DataType.isFloat(type))
    return type.precision === Precision.HALF ? (i) => halfToNumber(values[i]) : (i) => values[i];
  if (DataType.isDuration(type)) return (i) => Number(values[i]);
  const words = new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
  if (DataType.isDecimal(type)) {
    const unscaled = unscaledReader(words, type.bitWidth / 32);
    const unit = 10 ** type.scale;
    return (i) => Number(unscaled(i)) / unit;
  }
  if (DataType.isTimestamp(type)) return millisecondReader(words, type.unit);
  if (DataType.isDate(type)) {
    return type.unit === 0 ? (i) => words[i]! * 86_400_000 : millisecondReader(words, TimeUnit.MILLISECOND);
  }
  const read = valueReader(data, begin, end, "", { decimal: "number" });
  return (i) => {
    const value = read(i);
    return value === null ? Number.NaN : Number(value);
  };
}
