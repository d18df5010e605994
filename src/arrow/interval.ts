import { IntervalUnit } from "apache-arrow";
import { isPlainObject, Misfit } from "./misfit.ts";
import type { Interval } from "./values.ts";

/** An interval's parts, whole and exact. */
interface Parts {
  readonly months: bigint;
  readonly days: bigint;
  readonly nanoseconds: bigint;
}

/** How an interval of a unit is written: its 32-bit words, and a function that fills them at an index. */
export function intervalWords(unit: IntervalUnit): {
  readonly width: number;
  readonly write: (words: Int32Array, at: number, value: unknown) => void;
} {
  switch (unit) {
    case IntervalUnit.YEAR_MONTH:
      return {
        width: 1,
        write(words, at, value) {
          const { months, days, nanoseconds } = parts(value);
          if (days !== 0n || nanoseconds !== 0n) throw new Misfit("has days or nanoseconds, and the type only months");
          words[at] = int32(months);
        },
      };
    case IntervalUnit.DAY_TIME:
      return {
        width: 2,
        write(words, at, value) {
          const { months, days, nanoseconds } = parts(value);
          if (months !== 0n) throw new Misfit("has months, and the type only days and milliseconds");
          if (nanoseconds % 1_000_000n !== 0n) throw new Misfit("is finer than a millisecond");
          words[at] = int32(days);
          words[at + 1] = int32(nanoseconds / 1_000_000n);
        },
      };
    default:
      return {
        width: 4,
        write(words, at, value) {
          const { months, days, nanoseconds } = parts(value);
          if (BigInt.asIntN(64, nanoseconds) !== nanoseconds) throw new Misfit("is out of range");
          words[at] = int32(months);
          words[at + 1] = int32(days);
          words[at + 2] = Number(BigInt.asIntN(32, nanoseconds));
          words[at + 3] = Number(nanoseconds >> 32n);
        },
      };
  }
}

const names = new Set(["months", "days", "nanoseconds"]);

/** Whether a value looks as intervals do when they are read: all three parts, and the last a bigint. */
export function isInterval(value: unknown): boolean {
  return (
    isPlainObject(value) &&
    Object.keys(value).length === 3 &&
    typeof value.months === "number" &&
    typeof value.days === "number" &&
    typeof value.nanoseconds === "bigint"
  );
}

function parts(value: unknown): Parts {
  if (!isPlainObject(value) || Object.keys(value).some((key) => !names.has(key)))
    throw new Misfit("is no object of months, days and nanoseconds");
  return { months: whole(value.months), days: whole(value.days), nanoseconds: whole(value.nanoseconds) };
}

function whole(value: unknown): bigint {
  if (value === undefined) return 0n;
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw new Misfit("has a part that is no whole number");
}

function int32(value: bigint): number {
  if (BigInt.asIntN(32, value) !== value) throw new Misfit("is out of range");
  return Number(value);
}

/** Reads intervals out of their 32-bit words. */
export function intervalReader(values: Int32Array, unit: IntervalUnit): (row: number) => Interval {
  switch (unit) {
    case IntervalUnit.YEAR_MONTH:
      return (i) => ({ months: values[i]!, days: 0, nanoseconds: 0n });
    case IntervalUnit.DAY_TIME:
      return (i) => ({ months: 0, days: values[2 * i]!, nanoseconds: BigInt(values[2 * i + 1]!) * 1_000_000n });
    default:
      return (i) => ({
        months: values[4 * i]!,
        days: values[4 * i + 1]!,
        nanoseconds: (BigInt(values[4 * i + 3]!) << 32n) | BigInt(values[4 * i + 2]! >>> 0),
      });
  }
}
