import { describe, expect, it } from "vitest";
import { statementAt } from "../../playground/editor/statements.ts";

describe("statementAt", () => {
  const sql = "SELECT 1;  \n\nSELECT\n  2; SELECT 3";
  it.each([
    [0, "SELECT 1"],
    [8, "SELECT 1"],
    [9, "SELECT 1"],
    [11, "SELECT 1"],
    [12, "SELECT\n  2"],
    [15, "SELECT\n  2"],
    [23, "SELECT\n  2"],
    [24, "SELECT\n  2"],
    [25, "SELECT 3"],
    [sql.length, "SELECT 3"],
  ])("at %i is %j", (position, expected) => {
    expect(statementAt(sql, position)?.text).toBe(expected);
  });

  it("is the last one below it, and none in an empty text", () => {
    expect(statementAt("SELECT 1;\n\n\n", 12)?.text).toBe("SELECT 1");
    expect(statementAt(" -- no\n", 3)).toBeUndefined();
  });
});
