import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitStatements, statementAt } from "../../playground/editor/statements.ts";

const texts = (sql: string) => splitStatements(sql).map((statement) => statement.text);

describe("splitStatements", () => {
  it.each([
    ["SELECT 1", ["SELECT 1"]],
    ["SELECT 1;", ["SELECT 1"]],
    [" SELECT 1 ;\n\nSELECT 2 ", ["SELECT 1", "SELECT 2"]],
    [";; ;", []],
    ["-- nothing; here\n/* nor; here */", []],
    ["SELECT ';', \";\", `;`", ["SELECT ';', \";\", `;`"]],
    ["SELECT 'it''s; one'; SELECT 2", ["SELECT 'it''s; one'", "SELECT 2"]],
    ["SELECT 'back\\'; SELECT 2", ["SELECT 'back\\'", "SELECT 2"]],
    ["SELECT E'it\\'s; one'; SELECT 2", ["SELECT E'it\\'s; one'", "SELECT 2"]],
    ["SELECT $$a;b$$; SELECT $x$ ; $$ ; $x$", ["SELECT $$a;b$$", "SELECT $x$ ; $$ ; $x$"]],
    ["SELECT $1; SELECT a$b$; SELECT 3", ["SELECT $1", "SELECT a$b$", "SELECT 3"]],
    ["SELECT 1 -- a; b\n; SELECT 2", ["SELECT 1 -- a; b", "SELECT 2"]],
    ["SELECT 1 /* a; /* b; */ c; */; SELECT 2", ["SELECT 1 /* a; /* b; */ c; */", "SELECT 2"]],
    ["-- first\nSELECT 1; -- of it\nSELECT 2", ["-- first\nSELECT 1", "-- of it\nSELECT 2"]],
    ["SELECT 'open; SELECT 2", ["SELECT 'open; SELECT 2"]],
    ["SELECT 1 /* open; SELECT 2", ["SELECT 1 /* open; SELECT 2"]],
    ["SELECT E'open\\", ["SELECT E'open\\"]],
    ["SELECT name'x'; SELECT 2", ["SELECT name'x'", "SELECT 2"]],
  ])("parts %j", (sql, expected) => {
    expect(texts(sql)).toEqual(expected);
  });

  it("tells where each statement stands", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."a;'\"`$-/*\\ \nE") }), (sql) => {
        let last = 0;
        for (const { from, to, text } of splitStatements(sql)) {
          expect(sql.slice(from, to)).toBe(text);
          expect(text.trim()).toBe(text);
          expect(text).not.toBe("");
          expect(from).toBeGreaterThanOrEqual(last);
          last = to;
        }
      }),
    );
  });

  it("finds the statements that were joined, whatever their quotes and comments hold", () => {
    const inside = fc.string({ unit: fc.constantFrom(..."a;x \n-") });
    const part = fc.oneof(
      inside.map((text) => `'${text}'`),
      inside.map((text) => `"${text}"`),
      inside.map((text) => `$q$${text}$q$`),
      inside.map((text) => `/*${text}*/`),
      inside.map((text) => `--${text.replaceAll("\n", "")}\n`),
      fc.constantFrom(" ", "\n", "+", "x"),
    );
    const statement = fc.array(part).map((parts) => `SELECT ${parts.join(" ")} END`);
    fc.assert(
      fc.property(fc.array(statement), (statements) => {
        expect(texts(statements.join(";\n"))).toEqual(statements);
      }),
    );
  });

  it("takes its time in proportion to the text", () => {
    const sql = "SELECT 'a', \"b\" /* c */ -- d\n;\n".repeat(20_000);
    expect(splitStatements(sql)).toHaveLength(20_000);
  });
});

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
