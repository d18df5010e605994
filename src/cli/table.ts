import type { Schema } from "apache-arrow";
import type { Piece } from "./pieces.ts";
import { isNumeric, plainText } from "./text.ts";
import { typeName } from "./type-name.ts";
import { clip, columnsOf, visible } from "./visible.ts";
import { type Need, shareOut } from "./widths.ts";

export interface TableOptions {
  /** Columns of the terminal; Infinity for lines as long as they need. */
  readonly width: number;
  /** Adds a row with the columns' types. */
  readonly types: boolean;
  /** Dims what is not data. */
  readonly color: boolean;
  /** What stands behind the number of rows; asked at the end. */
  readonly remark: () => string;
}

// Rows that are looked at for the columns' widths; the others follow as they come.
const sampleRows = 100;
const gap = "  ";
const nullMark = "∅";
/** Text columns keep this much of what they say. */
const leastText = 8;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly right: boolean;
  readonly text: (value: unknown) => string;
}

type Row = readonly (string | null)[];

/** A table for people, fitted to the terminal: numbers to the right and never cut, other cells cut with `…`. */
export async function* table(
  schema: Schema,
  pieces: AsyncIterable<Piece>,
  options: TableOptions,
): AsyncGenerator<string, void, undefined> {
  const columns = schema.fields.map(({ name, type }): Column => {
    const text = plainText(type);
    // More than a line can show need not be made visible.
    const brief = (value: unknown) => visible(text(value).slice(0, 10_000));
    return { name: visible(name), type: typeName(type), right: isNumeric(type), text: brief };
  });
  let sample: Row[] | null = [];
  let layout: Layout | undefined;
  let count = 0;
  for await (const piece of pieces) {
    const rows = rowsOf(columns, piece);
    count += rows.length;
    if (layout) yield layout.lines(rows);
    else if (sample !== null) {
      sample.push(...rows);
      if (sample.length < sampleRows) continue;
      layout = layOut(columns, sample, options);
      yield layout.head + layout.lines(sample);
      sample = null;
    }
  }
  layout ??= layOut(columns, sample ?? [], options);
  if (sample !== null) yield layout.head + layout.lines(sample);
  const footer = `${count} ${count === 1 ? "row" : "rows"}${layout.remark}${options.remark()}`;
  yield `${layout.dim(footer)}\n`;
}

function rowsOf(columns: readonly Column[], { begin, end, readers }: Piece): Row[] {
  const rows: Row[] = [];
  for (let row = begin; row < end; row++) {
    rows.push(
      readers.map((read, c) => {
        const value = read(row);
        return value === null ? null : columns[c]!.text(value);
      }),
    );
  }
  return rows;
}

interface Layout {
  readonly head: string;
  readonly remark: string;
  lines(rows: readonly Row[]): string;
  dim(text: string): string;
}

function layOut(columns: readonly Column[], sample: readonly Row[], options: TableOptions): Layout {
  const needs = columns.map((column, c): Need => {
    const cells = sample.slice(0, sampleRows).reduce((most, row) => Math.max(most, columnsOf(row[c] ?? nullMark)), 0);
    const title = Math.max(columnsOf(column.name), options.types ? column.type.length : 0);
    const natural = Math.max(cells, title, 1);
    return { natural, least: column.right ? Math.max(cells, Math.min(title, leastText)) : leastText };
  });
  const widths = shareOut(needs, options.width, gap.length, gap.length + 1);
  const isCut = widths.length < columns.length;
  const dim = options.color ? (text: string) => `\x1b[2m${text}\x1b[22m` : (text: string) => text;
  const line = (cells: readonly string[]): string => {
    const all = isCut ? [...cells, "…"] : cells;
    return `${all.join(gap).trimEnd()}\n`;
  };
  const shown = columns.slice(0, widths.length);
  const cell = (text: string, c: number): string => {
    const { right } = shown[c]!;
    const width = widths[c]!;
    const fitted = right ? text : clip(text, width);
    const padding = " ".repeat(Math.max(0, width - columnsOf(fitted)));
    return right ? padding + fitted : fitted + padding;
  };
  const title = (text: string, c: number): string => cell(clip(text, widths[c]!), c);
  const emptyCells = shown.map((_, c) => cell(nullMark, c).replace(nullMark, dim(nullMark)));
  return {
    head:
      line(shown.map(({ name }, c) => title(name, c))) +
      (options.types ? dim(line(shown.map(({ type }, c) => title(type, c)))) : "") +
      dim(line(widths.map((width) => "─".repeat(width)))),
    remark: isCut ? `, ${widths.length} of ${columns.length} columns` : "",
    lines: (rows) =>
      rows.map((row) => line(shown.map((_, c) => (row[c] === null ? emptyCells[c]! : cell(row[c]!, c))))).join(""),
    dim,
  };
}
