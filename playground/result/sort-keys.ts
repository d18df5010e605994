import { type Data, DataType, Precision } from "apache-arrow";
import { halfToNumber } from "../../src/arrow/half.ts";
import { valueReader } from "../../src/arrow/values.ts";
import type { Batches } from "../batches.ts";
import { isNumeric, writerFor } from "../format.ts";
import { mergeSort } from "./merge-sort.ts";
import type { Pause } from "./turns.ts";

/**
 * What the rows of a column are sorted by: unsigned 32-bit words a row, the lowest word first. Compared from the highest
 * word on, they are in the order of the values.
 */
export interface SortKeys {
  words: readonly Uint32Array[];
  /** 1 where a row has no value; undefined when all have one. */
  missing: Uint8Array | undefined;
}

const SIGN = 0x8000_0000;

/** Rows filled in or read together. */
const STEP = 8192;

/** @throws the pause's reason, when it ends the work */
export async function sortKeys(batches: Batches, column: number, descending: boolean, pause: Pause): Promise<SortKeys> {
  const { type } = batches.schema.fields[column]!;
  const width = wordsOf(type);
  const chunks = batches.column(column);
  if (width === 0) return rankKeys(batches, column, descending, pause);
  const words = Array.from({ length: width }, () => new Uint32Array(batches.rowCount));
  const missing = new Uint8Array(batches.rowCount);
  let start = 0;
  let nulls = 0;
  for (const data of chunks) {
    const fill = filler(data, words, descending ? 0xffff_ffff : 0);
    const isMissing = data.nullCount > 0 || DataType.isNull(type);
    if (isMissing) nulls++;
    for (let begin = 0; begin < data.length; begin += STEP) {
      const end = Math.min(begin + STEP, data.length);
      fill(begin, end, start);
      if (isMissing) for (let i = begin; i < end; i++) missing[start + i] = data.getValid(i) ? 0 : 1;
      await pause();
    }
    start += data.length;
  }
  return { words, missing: nulls > 0 ? missing : undefined };
}

/** 32-bit words that hold the order of a type's values; 0 for those whose order is not that of their bits. */
function wordsOf(type: DataType): number {
  if (DataType.isInt(type)) return type.bitWidth > 32 ? 2 : 1;
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? 2 : 1;
  if (DataType.isDecimal(type)) return type.bitWidth / 32;
  if (DataType.isDate(type)) return type.unit === 0 ? 1 : 2;
  if (DataType.isTime(type)) return type.bitWidth / 32;
  if (DataType.isTimestamp(type) || DataType.isDuration(type)) return 2;
  return DataType.isBool(type) ? 1 : 0;
}

type Fill = (begin: number, end: number, start: number) => void;

/** Writes the keys of the rows `begin` to `end` of a batch that starts at row `start`. `flip` turns their order around. */
function filler(data: Data, words: readonly Uint32Array[], flip: number): Fill {
  const { type, values, offset } = data;
  const low = words[0]!;
  if (DataType.isFloat(type)) return floatFiller(values, type.precision, words, flip);
  if (DataType.isBool(type)) {
    return (begin, end, start) => {
      for (let i = begin; i < end; i++) low[start + i] = ((values[(offset + i) >> 3] >> ((offset + i) & 7)) & 1) ^ flip;
    };
  }
  const sign = DataType.isInt(type) && !type.isSigned ? 0 : SIGN;
  if (DataType.isInt(type) && type.bitWidth < 32) {
    return (begin, end, start) => {
      for (let i = begin; i < end; i++) low[start + i] = values[i] ^ sign ^ flip;
    };
  }
  const bits = bitsOf(values);
  const width = words.length;
  return (begin, end, start) => {
    words.forEach((word, w) => {
      const turn = w === width - 1 ? flip ^ sign : flip;
      for (let i = begin; i < end; i++) word[start + i] = bits[i * width + w]! ^ turn;
    });
  };
}

/**
 * IEEE 754 floats are in the order of their bits read as sign and magnitude; -0 is made 0, and NaN comes last in both
 * directions: its key is all ones.
 */
function floatFiller(values: Data["values"], precision: Precision, words: readonly Uint32Array[], flip: number): Fill {
  const [low, high] = words as [Uint32Array, Uint32Array];
  if (precision === Precision.DOUBLE) {
    const bits = bitsOf(values);
    return (begin, end, start) => {
      for (let i = begin; i < end; i++) {
        const lower = bits[2 * i]!;
        const upper = bits[2 * i + 1]!;
        const magnitude = upper & 0x7fff_ffff;
        const nan = magnitude > 0x7ff0_0000 || (magnitude === 0x7ff0_0000 && lower !== 0);
        const turn = upper >> 31 !== 0 && (magnitude !== 0 || lower !== 0) ? 0xffff_ffff : 0;
        low[start + i] = nan ? 0xffff_ffff : lower ^ turn ^ flip;
        high[start + i] = nan ? 0xffff_ffff : (turn === 0 ? magnitude ^ SIGN : upper ^ turn) ^ flip;
      }
    };
  }
  const single = new Float32Array(1);
  const bits = bitsOf(single);
  return (begin, end, start) => {
    for (let i = begin; i < end; i++) {
      // Adding 0 makes -0 a 0.
      single[0] = (precision === Precision.HALF ? halfToNumber(values[i]) : values[i]) + 0;
      const word = bits[0]!;
      const key = word >> 31 !== 0 ? ~word : word ^ SIGN;
      low[start + i] = Number.isNaN(single[0]) ? 0xffff_ffff : key ^ flip;
    }
  };
}

function bitsOf(values: ArrayBufferView): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}

/** The keys of a column whose values are compared one by one: each row has its value's rank among the distinct ones. */
async function rankKeys(batches: Batches, column: number, descending: boolean, pause: Pause): Promise<SortKeys> {
  const { type, name } = batches.schema.fields[column]!;
  const comparable = comparableValue(type);
  const known = new Map<string | number | bigint, number>();
  const distinct: (string | number | bigint)[] = [];
  const keys = new Uint32Array(batches.rowCount);
  const missing = new Uint8Array(batches.rowCount);
  let start = 0;
  for (const data of batches.column(column)) {
    for (let begin = 0; begin < data.length; begin += STEP) {
      const end = Math.min(begin + STEP, data.length);
      const read = valueReader(data, begin, end, name, { timestamp: "string" });
      for (let i = begin; i < end; i++) {
        const value = read(i);
        if (value === null || value === undefined) {
          missing[start + i] = 1;
          continue;
        }
        const key = comparable(value);
        let id = known.get(key);
        if (id === undefined) {
          id = distinct.push(key) - 1;
          known.set(key, id);
        }
        keys[start + i] = id;
      }
      await pause();
    }
    start += data.length;
  }
  const order = await mergeSort(distinct.length, (a, b) => (distinct[a]! < distinct[b]! ? -1 : 1), pause);
  const ranks = new Uint32Array(distinct.length);
  order.forEach((id, rank) => {
    ranks[id] = descending ? distinct.length - rank : rank;
  });
  for (let i = 0; i < keys.length; i++) keys[i] = ranks[keys[i]!] ?? 0;
  return { words: [keys], missing };
}

/** Strings are compared by their UTF-16 code units, as JavaScript does; what has no order of its own, by its text. */
function comparableValue(type: DataType): (value: unknown) => string | number | bigint {
  const value = DataType.isDictionary(type) ? type.dictionary : type;
  // A decimal's text without its point is its unscaled value.
  if (DataType.isDecimal(value)) return (text) => BigInt((text as string).replace(".", ""));
  if (isNumeric(value)) return (number) => number as number | bigint;
  return writerFor(value);
}
