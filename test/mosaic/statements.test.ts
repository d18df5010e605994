import { expect, test } from "vitest";
import { statements } from "../../src/mosaic/statements.ts";

test.each<[sql: string, parts: string[]]>([
  ["SELECT 1", ["SELECT 1"]],
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
])("%j", (sql, parts) => expect(statements(sql)).toEqual(parts));
