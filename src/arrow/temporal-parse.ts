import { TimeUnit } from "apache-arrow";
import { Misfit } from "./misfit.ts";

const perSecond = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
} as const;

const dayPattern = /^(\d{4}|[+-]\d{6,12})-(\d\d)-(\d\d)$/;
const timePattern = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;
const stampPattern = /^(\S+?)(?:[T ](\d\d:[\d:.]+?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** `YYYY-MM-DD`, or a year of a sign and 6 digits or more, as days since 1970-01-01 in the Gregorian calendar. */
export function parseDay(text: string): number {
  const match = dayPattern.exec(text);
  if (match === null) throw new Misfit("is not of the form YYYY-MM-DD");
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  // Years are counted from March, so that the leap day comes last and the months before it have fixed starts.
  const marchYear = month > 2 ? year : year - 1;
  const yearDay = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) throw new Misfit("is no day of the calendar");
  return marchYear * 365 + leapDays + yearDay - 719_468; // the days from 0000-03-01 to 1970-01-01
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** `HH:MM[:SS[.f]]` as the count of a unit since midnight; digits finer than the unit must be zeros. */
export function parseTime(text: string, unit: TimeUnit): bigint {
  const match = timePattern.exec(text);
  if (match === null) throw new Misfit("is not of the form HH:MM:SS with up to 9 digits of fraction");
  const [, hours, minutes, seconds = "0", fraction = ""] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) throw new Misfit("is no time of a day");
  const scale = perSecond[unit];
  const nanoseconds = BigInt(fraction.padEnd(9, "0")) * scale;
  if (nanoseconds % 1_000_000_000n !== 0n) throw new Misfit("is finer than the unit of the type");
  const whole = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  return whole * scale + nanoseconds / 1_000_000_000n;
}

/**
 * A day, or a day and a time, as the count of a unit since 1970-01-01T00:00:00 UTC.
 *
 * @param zoned whether the type has a time zone: then the text must name its own offset, since nobody knows which the
 * writer meant. Without one the offset may be missing; a text that has one is taken at UTC, as a Date is.
 */
export function parseTimestamp(text: string, unit: TimeUnit, zoned: boolean): bigint {
  const [, day = "", time, offset] = stampPattern.exec(text) ?? [];
  const days = parseDay(day);
  if (zoned && offset === undefined)
    throw new Misfit('needs an offset ("Z" or "+01:00"), because the type has a time zone');
  const sinceMidnight = time === undefined ? 0n : parseTime(time, unit);
  return (BigInt(days) * 86_400n - offsetSeconds(offset)) * perSecond[unit] + sinceMidnight;
}

function offsetSeconds(offset: string | undefined): bigint {
  if (offset === undefined || offset === "Z") return 0n;
  const seconds = Number(offset.slice(1, 3)) * 3600 + Number(offset.slice(-2)) * 60;
  return BigInt(offset.startsWith("-") ? -seconds : seconds);
}

/** The milliseconds of a Date as the count of a unit; exact, so seconds take whole ones only. */
export function fromDate(date: Date, unit: TimeUnit): bigint {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new Misfit("is an invalid Date");
  const scaled = BigInt(ms) * perSecond[unit];
  if (scaled % 1000n !== 0n) throw new Misfit("is finer than the unit of the type");
  return scaled / 1000n;
}

/** Counts of the unit in a day. */
export function countsPerDay(unit: TimeUnit): bigint {
  return perSecond[unit] * 86_400n;
}
