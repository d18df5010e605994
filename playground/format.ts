import { type Data, type DataType, Type } from "apache-arrow";
import { type ValueReader, valueReader } from "../src/arrow/values.ts";
import { hex, plainText, type ToText } from "../src/cli/text.ts";

export { isNumeric } from "../src/cli/text.ts";

/** Bytes of a binary value that a cell shows. */
const BYTES_SHOWN = 64;

/** Rows whose values are decoded together: about what a screen shows and a little scrolling. */
const WINDOW = 256;

interface Window {
  begin: number;
  read: ValueReader;
}

const windows = new WeakMap<Data, Window>();
const writers = new WeakMap<DataType, ToText>();

/** A value as rows have it, timestamps as text. null for a null. Meant for values near each other. */
export function valueAt(data: Data, index: number): unknown {
  let window = windows.get(data);
  const begin = index - (index % WINDOW);
  if (window?.begin !== begin) {
    const read = valueReader(data, begin, Math.min(begin + WINDOW, data.length), "", { timestamp: "string" });
    window = { begin, read };
    windows.set(data, window);
  }
  return window.read(index);
}

/** The text of a value, exact: every digit of an int64, decimal or timestamp; the same as in exported CSV. null for a null. */
export function valueText(data: Data, index: number): string | null {
  return textOr(data, index, writerFor(data.type));
}

/** As `valueText`, with long binary values cut. */
export function cellText(data: Data, index: number): string | null {
  return isBytes(data.type) ? textOr(data, index, shortHex) : valueText(data, index);
}

function textOr(data: Data, index: number, write: ToText): string | null {
  try {
    const value = valueAt(data, index);
    return value === null || value === undefined ? null : write(value);
  } catch (error) {
    // Text that is no UTF-8, a date no calendar has: the rows around it are still worth seeing.
    return `⚠ ${error instanceof Error ? error.message : error}`;
  }
}

/** The writer of a type's values, made once. */
export function writerFor(type: DataType): ToText {
  const write = writers.get(type) ?? plainText(type);
  writers.set(type, write);
  return write;
}

function shortHex(value: unknown): string {
  const bytes = value as Uint8Array;
  if (bytes.length <= BYTES_SHOWN) return hex(bytes);
  return `${hex(bytes.subarray(0, BYTES_SHOWN))}… (${bytes.length} bytes)`;
}

export function isBytes({ typeId }: DataType): boolean {
  return (
    typeId === Type.Binary ||
    typeId === Type.LargeBinary ||
    typeId === Type.BinaryView ||
    typeId === Type.FixedSizeBinary
  );
}

/** `1234567.25` with its integer digits in groups of three; anything that is not a plain number comes back as it is. */
export function groupDigits(text: string): string {
  const number = /^(-?)(\d{5,})(\.\d+)?$/.exec(text);
  if (!number) return text;
  // U+202F, the narrow space SI asks for: no locale reads it as a decimal point.
  return `${number[1]}${number[2]!.replace(/\B(?=(\d{3})+$)/g, "\u202f")}${number[3] ?? ""}`;
}
