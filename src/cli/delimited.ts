import type { Schema } from "apache-arrow";
import type { Piece } from "./pieces.ts";
import { jsonMembers, plainText, type ToText } from "./text.ts";

/**
 * CSV as RFC 4180 has it, in UTF-8, with a header line; lines end in LF, as everywhere on Unix, unless told. Null is an
 * empty field, the empty text is `""`.
 */
export async function* csv(
  { fields }: Schema,
  pieces: AsyncIterable<Piece>,
  lineEnd: "\n" | "\r\n" = "\n",
): AsyncGenerator<string, void, undefined> {
  const writers = fields.map((field) => plainText(field.type));
  yield `${fields.map(({ name }) => quoted(name)).join(",")}${lineEnd}`;
  for await (const { begin, end, readers } of pieces) {
    let lines = "";
    for (let row = begin; row < end; row++) {
      for (let c = 0; c < readers.length; c++) {
        if (c > 0) lines += ",";
        const value = readers[c]!(row);
        if (value !== null) lines += quoted(writers[c]!(value));
      }
      lines += lineEnd;
    }
    yield lines;
  }
}

function quoted(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An object a line. `integer` writes integers: see `json` in text.ts. */
export async function* ndjson(
  { fields }: Schema,
  pieces: AsyncIterable<Piece>,
  integer: ToText = String,
): AsyncGenerator<string, void, undefined> {
  const write = jsonMembers(fields, integer);
  for await (const { begin, end, readers } of pieces) {
    let lines = "";
    for (let row = begin; row < end; row++) lines += `${write((_, c) => readers[c]!(row))}\n`;
    yield lines;
  }
}

/** An array of objects, each on a line of its own. `integer` writes integers: see `json` in text.ts. */
export async function* json(
  { fields }: Schema,
  pieces: AsyncIterable<Piece>,
  integer: ToText = String,
): AsyncGenerator<string, void, undefined> {
  const write = jsonMembers(fields, integer);
  let separator = "[\n";
  for await (const { begin, end, readers } of pieces) {
    let lines = "";
    for (let row = begin; row < end; row++) {
      lines += separator + write((_, c) => readers[c]!(row));
      separator = ",\n";
    }
    yield lines;
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}
