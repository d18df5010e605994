import type { Dialect } from "./target.ts";

export const duckdb: Dialect = {
  series: (rows) => `SELECT range AS n FROM range(${rows})`,
  wide: (rows, bytesEach) => `SELECT repeat('x', ${bytesEach}) AS text FROM range(${rows})`,
  types: { bigint: "BIGINT", double: "DOUBLE", text: "VARCHAR", bytes: "BLOB" },
  missing: { code: "invalid_argument", text: /no_such_table/ },
};

export const sqlite: Dialect = {
  series: (rows) =>
    `WITH RECURSIVE s(n) AS (SELECT 0 WHERE ${rows} > 0 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows - 1}) SELECT n FROM s`,
  wide: (rows, bytesEach) =>
    `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows}) SELECT replace(hex(zeroblob(${bytesEach / 2})), '0', 'x') AS text FROM s`,
  types: { bigint: "INTEGER", double: "DOUBLE", text: "TEXT", bytes: "BLOB" },
  missing: { code: "unknown", text: /no such table: no_such_table/ },
};
