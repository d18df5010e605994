import { type Statement, splitStatements } from "../../src/mosaic/statements.ts";

/**
 * The statement that a cursor at `position` is at: the one around it or that ends on its line, else the next, else the last.
 */
export function statementAt(sql: string, position: number): Statement | undefined {
  const statements = splitStatements(sql);
  // Behind a semicolon, with no more than space up to the cursor, the statement before it is still meant.
  const before = statements.findLast((statement) => statement.from <= position);
  if (before && /^[^\S\n]*;?[^\S\n]*$/.test(sql.slice(before.to, Math.max(position, before.to)))) return before;
  return statements.find((statement) => statement.to >= position) ?? statements.at(-1);
}
