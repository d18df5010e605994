import { Field, Int64, Schema, Utf8 } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { writeSchema } from "../../src/arrow/encode.ts";
import { ProgrammingError } from "../../src/dbapi/index.ts";
import type { Result } from "../../src/server/backend.ts";
import { rowsResult } from "../../src/server/rows.ts";
import { metadataSchemas } from "../../src/server/schemas.ts";
import { connectedTo, failureOf } from "./connected.ts";
import { database } from "./database.ts";

type TableRow = readonly [catalog: string | null, schema: string | null, name: string, type: string, columns?: Schema];

const columns = (...names: string[]): Schema => new Schema(names.map((name) => new Field(name, new Int64(), true)));

/** Answers every filter with all it has: servers differ in how they understand patterns. */
const tables = (rows: readonly TableRow[], includeSchema: boolean) => ({
  Tables: (): Result => {
    const fields = [0, 1, 2, 3].map((i) => rows.map((row) => row[i]));
    return includeSchema
      ? rowsResult(metadataSchemas.tablesWithSchema, [...fields, rows.map((row) => writeSchema(row[4]!))])
      : rowsResult(metadataSchemas.tables, fields);
  },
});

const connected = (metadata: Readonly<Record<string, () => Result>>) => connectedTo(database({ metadata })).connection;

describe("getColumns", () => {
  test("is of the table with exactly this name", async () => {
    const rows: TableRow[] = [
      ["c", "s", "axb", "TABLE", columns("other")],
      ["c", "s", "A_B", "TABLE", columns("another")],
      ["c", "s", "a_b", "TABLE", columns("right")],
    ];
    expect((await connected(tables(rows, true)).getColumns("a_b")).map(({ name }) => name)).toEqual(["right"]);
  });

  test("gives names, types, nullability and remarks", async () => {
    const schema = new Schema([
      new Field("id", new Int64(), false),
      new Field("label", new Utf8(), true, new Map([["ARROW:FLIGHT:SQL:REMARKS", "what it is called"]])),
    ]);
    expect(await connected(tables([[null, null, "t", "TABLE", schema]], true)).getColumns("t")).toEqual([
      { name: "id", type: "BIGINT", nullable: false, comment: null },
      { name: "label", type: "TEXT", nullable: true, comment: "what it is called" },
    ]);
  });

  test("of a table that is not there, or is there twice, is an error that says what to do", async () => {
    const rows: TableRow[] = [
      ["c", "one", "t", "TABLE", columns("a")],
      ["c", "two", "t", "TABLE", columns("b")],
    ];
    const connection = connected(tables(rows, true));
    expect((await failureOf(connection.getColumns("u"), ProgrammingError)).code).toBe("not_found");
    const error = await failureOf(connection.getColumns("t"), ProgrammingError);
    expect(error.message).toMatch(/name the schema and catalog, of c\.one, c\.two/);
    expect((await connection.getColumns("t", "two")).map(({ name }) => name)).toEqual(["b"]);
    expect((await failureOf(connection.getColumns("t", "three"), ProgrammingError)).message).toContain('"three"');
  });
});

test("names of tables are without views and system tables, whatever the server calls their types", async () => {
  const rows: TableRow[] = [
    [null, "s", "a", "BASE TABLE"],
    [null, "s", "b", "table"],
    [null, "s", "c", "LOCAL TEMPORARY"],
    [null, "s", "v", "VIEW"],
    [null, "s", "m", "MATERIALIZED VIEW"],
    [null, "s", "x", "SYSTEM TABLE"],
    [null, "s", "y", "SYSTEM_VIEW"],
    [null, "other", "a", "TABLE"],
    [null, "other", "z", "TABLE"],
  ];
  const connection = connected(tables(rows, false));
  expect(await connection.getTableNames()).toEqual(["a", "b", "c", "z"]);
  expect(await connection.getTableNames("other")).toEqual(["a", "z"]);
  expect(await connection.getViewNames("s")).toEqual(["v", "m"]);
  expect(await connection.getViewNames("other")).toEqual([]);
});

test("names of schemas are without that of a server that has none", async () => {
  const schemas = (names: (string | null)[]) => ({
    DbSchemas: () => rowsResult(metadataSchemas.dbSchemas, [names.map(() => null), names]),
  });
  expect(await connected(schemas([""])).getSchemaNames()).toEqual([]);
  expect(await connected(schemas(["a", "b", "a"])).getSchemaNames()).toEqual(["a", "b"]);
});

describe("keys", () => {
  const primary = (
    rows: readonly (readonly [schema: string, column: string, sequence: number, name: string | null])[],
  ) => ({
    PrimaryKeys: () =>
      rowsResult(metadataSchemas.primaryKeys, [
        rows.map(() => null),
        rows.map(([schema]) => schema),
        rows.map(() => "t"),
        rows.map(([, column]) => column),
        rows.map(([, , sequence]) => sequence),
        rows.map(([, , , name]) => name),
      ]),
  });

  test("a primary key is in its own order", async () => {
    const connection = connected(
      primary([
        ["s", "b", 2, "pk"],
        ["s", "a", 1, "pk"],
      ]),
    );
    expect(await connection.getPrimaryKeys("t")).toEqual({ name: "pk", columns: ["a", "b"] });
  });

  test("a table without one has one without columns", async () => {
    expect(await connected(primary([])).getPrimaryKeys("t")).toEqual({ name: null, columns: [] });
  });

  test("those of two tables with one name do not mix", async () => {
    const connection = connected(
      primary([
        ["one", "a", 1, null],
        ["two", "b", 1, null],
      ]),
    );
    expect((await failureOf(connection.getPrimaryKeys("t"), ProgrammingError)).message).toContain("one, two");
  });

  test("foreign keys are told apart, though two lead to one table and none has a name", async () => {
    const rows = [
      ["p", "x", "a", 1],
      ["p", "y", "b", 2],
      ["p", "x", "c", 1],
      ["q", "z", "d", 1],
    ] as const;
    const all = <T>(value: T): T[] => rows.map(() => value);
    const connection = connected({
      ImportedKeys: () =>
        rowsResult(metadataSchemas.keys, [
          all(null),
          all("s"),
          rows.map(([table]) => table),
          rows.map(([, column]) => column),
          all(null),
          all("s"),
          all("t"),
          rows.map(([, , column]) => column),
          rows.map(([, , , sequence]) => sequence),
          all(null),
          all(null),
          all(3),
          all(3),
        ]),
    });
    const key = { name: null, referredCatalog: null, referredSchema: "s" };
    expect(await connection.getForeignKeys("t")).toEqual([
      { ...key, referredTable: "p", columns: ["a", "b"], referredColumns: ["x", "y"] },
      { ...key, referredTable: "p", columns: ["c"], referredColumns: ["x"] },
      { ...key, referredTable: "q", columns: ["d"], referredColumns: ["z"] },
    ]);
  });
});
