// For the connector and for the playground's editor: it imports nothing, so that the page does not load Mosaic by it.

/** A statement of a text: `text` is its characters from `from` to `to`, without the semicolon and the space around it. */
export interface Statement {
  from: number;
  to: number;
  text: string;
}

/**
 * The statements of a text: what semicolons part, outside of quotes and comments. What is only space or comments is none.
 *
 * Read as PostgreSQL and DuckDB read it: `'…'` and `"…"` with doubled quotes, `E'…'` with backslashes, `$tag$…$tag$`,
 * nested block comments; backticks too, for those who quote names with them. What is left open ends with the text.
 */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  let empty = true;
  const end = (at: number): void => {
    const text = sql.slice(start, at);
    const from = start + (text.length - text.trimStart().length);
    if (!empty) statements.push({ from, to: start + text.trimEnd().length, text: text.trim() });
    start = at + 1;
    empty = true;
  };
  for (let at = 0; at < sql.length; ) {
    const comment = commentEnd(sql, at);
    if (comment > at) {
      at = comment;
      continue;
    }
    if (sql[at] === ";") {
      end(at);
      at++;
      continue;
    }
    if (!/\s/.test(sql[at]!)) empty = false;
    at = tokenEnd(sql, at);
  }
  end(sql.length);
  return statements;
}

/** Where the comment that starts at `at` ends; `at` when none does. */
function commentEnd(sql: string, at: number): number {
  if (sql.startsWith("--", at)) {
    const end = sql.indexOf("\n", at);
    return end < 0 ? sql.length : end;
  }
  if (!sql.startsWith("/*", at)) return at;
  let depth = 0;
  for (let i = at; i < sql.length; ) {
    if (sql.startsWith("/*", i)) depth++;
    else if (sql.startsWith("*/", i)) depth--;
    else {
      i++;
      continue;
    }
    i += 2;
    if (depth === 0) return i;
  }
  return sql.length;
}

/** Where what starts at `at` ends: a quoted text, a word, or one character. */
function tokenEnd(sql: string, at: number): number {
  const sticky = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  const escaped = sticky(/[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$|\\$)/y);
  if (escaped !== undefined) return at + escaped.length;
  const word = sticky(/[\p{L}_][\p{L}\p{N}_$]*/uy);
  if (word !== undefined) return at + word.length;
  const dollars = sticky(/\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy);
  if (dollars !== undefined) return behind(sql, dollars, at + dollars.length);
  const quote = sql[at]!;
  return /['"`]/.test(quote) ? behind(sql, quote, at + 1) : at + 1;
}

function behind(sql: string, mark: string, from: number): number {
  const end = sql.indexOf(mark, from);
  return end < 0 ? sql.length : end + mark.length;
}
