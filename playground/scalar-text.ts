import { IntervalUnit, Precision, TimeUnit } from "apache-arrow";

/** Bytes of a binary value that are shown. */
const BYTES_SHOWN = 64;

const PER_SECOND: Record<TimeUnit, bigint> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};

const UNIT_NAMES: Record<TimeUnit, string> = {
  [TimeUnit.SECOND]: "s",
  [TimeUnit.MILLISECOND]: "ms",
  [TimeUnit.MICROSECOND]: "µs",
  [TimeUnit.NANOSECOND]: "ns",
};

export function unitName(unit: TimeUnit): string {
  return UNIT_NAMES[unit];
}

/** The shortest text that reads back as the same float of that width. */
export function floatText(value: number, precision: Precision): string {
  if (Object.is(value, -0)) return "-0";
  if (precision === Precision.SINGLE && Number.isFinite(value)) {
    for (let digits = 6; digits < 9; digits++) {
      const rounded = Number(value.toPrecision(digits));
      if (Math.fround(rounded) === value) return String(rounded);
    }
  }
  return String(value);
}

/** A decimal with all the digits its scale asks for. `words`: little-endian 32-bit words, `width` of them a value. */
export function decimalText(words: Uint32Array, index: number, width: number, scale: number): string {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[index * width + i]!);
  value = BigInt.asIntN(width * 32, value);
  const sign = value < 0n ? "-" : "";
  const digits = String(value < 0n ? -value : value);
  if (scale <= 0) return value === 0n ? "0" : sign + digits + "0".repeat(-scale);
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** `YYYY-MM-DD` of milliseconds since 1970. */
export function dateText(milliseconds: number): string {
  return dayText(BigInt(Math.floor(milliseconds / 86_400_000)));
}

/** `YYYY-MM-DDTHH:MM:SS[.f]`, with exactly the digits the unit has. */
export function timestampText(value: bigint, unit: TimeUnit): string {
  const day = 86_400n * PER_SECOND[unit];
  const time = ((value % day) + day) % day;
  return `${dayText((value - time) / day)}T${clockText(time, unit)}`;
}

/** `HH:MM:SS[.f]` of a time of day. */
export function clockText(value: bigint, unit: TimeUnit): string {
  const second = PER_SECOND[unit];
  const seconds = Number(value / second);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return unit === TimeUnit.SECOND
    ? clock
    : `${clock}.${String(value % second).padStart(String(second).length - 1, "0")}`;
}

export function durationText(value: bigint, unit: TimeUnit): string {
  return `${value} ${UNIT_NAMES[unit]}`;
}

export function intervalText(values: Int32Array, index: number, unit: IntervalUnit): string {
  if (unit === IntervalUnit.YEAR_MONTH) return `${values[index]} months`;
  if (unit === IntervalUnit.DAY_TIME) return `${values[2 * index]} days ${values[2 * index + 1]} ms`;
  const [months, days, low, high] = values.subarray(4 * index, 4 * index + 4);
  const nanoseconds = (BigInt(high!) << 32n) | BigInt(low! >>> 0);
  return `${months} months ${days} days ${nanoseconds} ns`;
}

export function bytesText(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, BYTES_SHOWN), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > BYTES_SHOWN ? `0x${hex}… (${bytes.length} bytes)` : `0x${hex}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** The date of a day counted from 1970 in the Gregorian calendar. Own arithmetic: `Date` ends at ±275 000 years. */
function dayText(day: bigint): string {
  // Count from 0000-03-01, so that the leap day is the last of its year; 400 years are 146 097 days.
  const shifted = day + 719_468n;
  const era = (shifted >= 0n ? shifted : shifted - 146_096n) / 146_097n;
  const dayOfEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = era * 400n + BigInt(yearOfEra) + (month <= 2 ? 1n : 0n);
  const date = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  return `${yearText(year)}-${two(month)}-${two(date)}`;
}

/** Years as ISO 8601 writes them: four digits, beyond those a sign and at least six. */
function yearText(year: bigint): string {
  if (year >= 0n && year <= 9999n) return String(year).padStart(4, "0");
  return `${year < 0n ? "-" : "+"}${String(year < 0n ? -year : year).padStart(6, "0")}`;
}
