import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitStatements } from "../../src/mosaic/statements.ts";

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
    // As Mosaic joins them.
    [" SELECT 1 ; ", ["SELECT 1"]],
    [
      'CREATE SCHEMA IF NOT EXISTS "mosaic";\nCREATE TABLE t AS SELECT 1',
      ['CREATE SCHEMA IF NOT EXISTS "mosaic"', "CREATE TABLE t AS SELECT 1"],
    ],
    ["SELECT 'a;''b;'; SELECT 2", ["SELECT 'a;''b;'", "SELECT 2"]],
    ['SELECT ";""" FROM t;SELECT 2', ['SELECT ";""" FROM t', "SELECT 2"]],
    ["SELECT $$a;b$$; SELECT $x$;$$;$x$", ["SELECT $$a;b$$", "SELECT $x$;$$;$x$"]],
    ["SELECT 1 -- ;\n; /* ; */ SELECT 2", ["SELECT 1 -- ;", "/* ; */ SELECT 2"]],
    ["SELECT 1; -- done", ["SELECT 1"]],
    ["SELECT $1;SELECT $2", ["SELECT $1", "SELECT $2"]],
    ["SELECT 'open;", ["SELECT 'open;"]],
    [";;", []],
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
