// What may hold a semicolon that ends nothing: text and names in quotes, PostgreSQL's and DuckDB's dollar quotes,
// comments. What is not closed reaches to the end, and the server complains about it.
const opaque =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|;/g;

/**
 * The statements of a SQL text, without the semicolons between them: Mosaic joins several to one text, while a Flight
 * SQL command is one statement. What is nothing but space and comments is left out.
 */
export function statements(sql: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let code = "";
  const end = (at: number): void => {
    if (code.trim() !== "") parts.push(sql.slice(start, at).trim());
    code = "";
  };
  let seen = 0;
  for (const { 0: match, index } of sql.matchAll(opaque)) {
    code += sql.slice(seen, index);
    seen = index + match.length;
    if (match === ";") {
      end(index);
      start = seen;
    } else if (!/^(--|\/\*)/.test(match)) code += match;
  }
  code += sql.slice(seen);
  end(sql.length);
  return parts;
}
