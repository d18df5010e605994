import { expect, it } from "vitest";
import { errorPlace } from "../../playground/editor/error-position.ts";

const marked = (message: string, sql: string): string | undefined => {
  const place = errorPlace(message, sql);
  return place && sql.slice(place.from, place.to);
};

it.each([
  // DuckDB 1.5.5
  ['Parser Error: syntax error at or near "selec"\n\nLINE 1: selec 1\n        ^', "selec 1", "selec"],
  [
    'Binder Error: Referenced column "b" not found\n\nLINE 3:   bad_one\n          ^',
    "SELECT a,\n  b,\n  bad_one\nFROM t",
    "bad_one",
  ],
  [
    `Catalog Error: no zzz\n\nLINE 2: ...aaaaa' AND 'bbb' = zzz(1)\n                              ^`,
    `SELECT a\nWHERE x = '${"a".repeat(90)}' AND 'bbb' = zzz(1)`,
    "zzz",
  ],
  [
    `Catalog Error: no bog\n\nLINE 1: ...aaaa', bog('bbb...\n                  ^`,
    `SELECT '${"a".repeat(90)}', bog('${"b".repeat(90)}')`,
    "bog",
  ],
  // DataFusion, Trino, Spark
  ["sql parser error: Expected: an expression, found: FORM at Line: 1, Column: 10", "SELECT a FORM t", "FORM"],
  ["line 2:3: Column 'b' cannot be resolved", "SELECT\n  b", "b"],
  ["[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'.(line 1, pos 9)", "SELECT 1 x y", "x"],
])("finds the place in %j", (message, sql, expected) => {
  expect(marked(message, sql)).toBe(expected);
});

it("marks what stands before the end, when the end is too early", () => {
  expect(errorPlace("LINE 1: SELECT (\n                ^", "SELECT ( \n")).toEqual({ from: 7, to: 8 });
});

it.each([
  "Parser Error: syntax error at end of input",
  "LINE 9: SELECT\n        ^",
  "LINE 1: ...not of this text\n                ^",
  "at Line: 1, Column: 900",
])("finds none in %j", (message) => {
  expect(errorPlace(message, "SELECT 1")).toBeUndefined();
});
