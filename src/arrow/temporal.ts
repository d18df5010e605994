import { TimeUnit } from "apache-arrow";

/** Fraction digits of a time unit, and its counts in a second and in a millisecond. */
const units = {
  [TimeUnit.SECOND]: { digits: 0, perSecond: 1n },
  [TimeUnit.MILLISECOND]: { digits: 3, perSecond: 1_000n },
  [TimeUnit.MICROSECOND]: { digits: 6, perSecond: 1_000_000n },
  [TimeUnit.NANOSECOND]: { digits: 9, perSecond: 1_000_000_000n },
} as const;

// ECMA-262, Time Values: 100 million days around the epoch.
const maxDateMs = 8.64e15;
const dayMs = 86_400_000;

/**
 * Reads 64-bit counts of a unit as whole milliseconds, rounded down, without a bigint per value.
 *
 * A count is hi·2³² + lo. With 2³² = q·k + r, for k counts in a millisecond, it is hi·q + (hi·r + lo)/k milliseconds,
 * and every term stays below 2⁵³, where doubles are exact. (Seconds are multiplied instead; beyond Date's range that
 * rounds, and such values are refused anyway.)
 */
export function millisecondReader(words: Int32Array, unit: TimeUnit): (i: number) => number {
  if (unit === TimeUnit.SECOND) return (i) => (words[2 * i + 1]! * 2 ** 32 + (words[2 * i]! >>> 0)) * 1000;
  const k = unit === TimeUnit.NANOSECOND ? 1e6 : unit === TimeUnit.MICROSECOND ? 1e3 : 1;
  const q = Math.floor(2 ** 32 / k);
  const r = 2 ** 32 % k;
  return (i) => {
    const hi = words[2 * i + 1]!;
    return hi * q + Math.floor((hi * r + (words[2 * i]! >>> 0)) / k);
  };
}

/** @throws RangeError outside the years that a Date can hold */
export function toDate(ms: number, column: string, advice: string): Date {
  if (ms > maxDateMs || ms < -maxDateMs)
    throw new RangeError(`a value of column "${column}" lies outside the range of Date${advice}`);
  return new Date(ms);
}

export function startOfDay(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

export function daysToMs(days: number): number {
  return days * dayMs;
}

/** `YYYY-MM-DDTHH:MM:SS[.f]`, 0, 3, 6 or 9 digits by unit, `Z` when the type has a zone. */
export function formatTimestamp(count: bigint, unit: TimeUnit, zoned: boolean): string {
  const { perSecond } = units[unit];
  const seconds = floorDiv(count, perSecond);
  const days = floorDiv(seconds, 86_400n);
  const time = formatTime(count - days * 86_400n * perSecond, unit);
  return `${formatDay(days)}T${time}${zoned ? "Z" : ""}`;
}

/** `HH:MM:SS[.f]` since midnight, 0, 3, 6 or 9 digits by unit. */
export function formatTime(count: bigint, unit: TimeUnit): string {
  const { digits, perSecond } = units[unit];
  const seconds = floorDiv(count, perSecond);
  const pad = (n: bigint): string => n.toString().padStart(2, "0");
  const text = `${pad(seconds / 3600n)}:${pad((seconds / 60n) % 60n)}:${pad(seconds % 60n)}`;
  return digits === 0 ? text : `${text}.${(count - seconds * perSecond).toString().padStart(digits, "0")}`;
}

/**
 * A day number as `YYYY-MM-DD`, years outside 0–9999 as ±6 digits.
 *
 * Date covers ±271,821 years; 400 Gregorian years are 146,097 days exactly, so days beyond are moved by whole cycles.
 */
function formatDay(days: bigint): string {
  const cycles = floorDiv(days, 146_097n);
  const date = new Date(Number(days - cycles * 146_097n) * dayMs);
  const year = BigInt(date.getUTCFullYear()) + cycles * 400n;
  const month = (date.getUTCMonth() + 1).toString().padStart(2, "0");
  const day = date.getUTCDate().toString().padStart(2, "0");
  return `${formatYear(year)}-${month}-${day}`;
}

function formatYear(year: bigint): string {
  if (year >= 0n && year <= 9999n) return year.toString().padStart(4, "0");
  const digits = (year < 0n ? -year : year).toString().padStart(6, "0");
  return `${year < 0n ? "-" : "+"}${digits}`;
}

function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b < 0n ? q - 1n : q;
}
