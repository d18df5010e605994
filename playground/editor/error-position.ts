/** A place in a statement, counted from 0 in characters; `to` is behind the last one. */
export interface ErrorPlace {
  from: number;
  to: number;
}

/** The place in `sql` that a server's words about it tell of; undefined when they tell none. */
export function errorPlace(message: string, sql: string): ErrorPlace | undefined {
  const at = caretPlace(message, sql) ?? linePlace(message, sql);
  if (at === undefined || at > sql.length) return undefined;
  const word = /^(?:[\p{L}\p{N}_]+|\S)/u.exec(sql.slice(at))?.[0] ?? "";
  if (word) return { from: at, to: at + word.length };
  // The end of the text: what stands before it.
  const last = /\S\s*$/.exec(sql.slice(0, at));
  return last ? { from: last.index, to: last.index + 1 } : undefined;
}

/** DuckDB and PostgreSQL: `LINE 3: the line, or a part of it between dots`, and a caret under the culprit. */
function caretPlace(message: string, sql: string): number | undefined {
  const match = /^(LINE (\d+): )(.*)\n( *)\^/m.exec(message);
  if (!match) return undefined;
  const [, label, number, shown, space] = match;
  const line = lineAt(sql, Number(number));
  if (!line) return undefined;
  const column = space!.length - label!.length;
  if (column < 0) return undefined;
  if (line.text.startsWith(shown!.replace(/\.\.\.$/, ""))) return line.from + column;
  const part = shown!.replace(/^\.\.\./, "").replace(/\.\.\.$/, "");
  const found = part === "" ? -1 : line.text.indexOf(part);
  return found < 0 ? undefined : line.from + found + column - (shown!.startsWith("...") ? 3 : 0);
}

/**
 * DataFusion's `at Line: 1, Column: 15`, Trino's `line 1:15:`, Spark's `(line 1, pos 14)`: columns count from 1, but
 * positions from 0.
 */
function linePlace(message: string, sql: string): number | undefined {
  const match =
    /\bline:? (\d+),? column:? (\d+)/i.exec(message) ??
    /\bline (\d+):(\d+)/i.exec(message) ??
    /\(line (\d+), (pos) (\d+)\)/i.exec(message);
  if (!match) return undefined;
  const line = lineAt(sql, Number(match[1]));
  const column = match[2] === "pos" ? Number(match[3]) : Number(match[2]) - 1;
  return line && column >= 0 && column <= line.text.length ? line.from + column : undefined;
}

function lineAt(sql: string, number: number): { from: number; text: string } | undefined {
  const lines = sql.split("\n");
  const text = lines[number - 1];
  if (text === undefined) return undefined;
  return { from: lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0), text };
}
