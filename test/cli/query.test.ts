import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bin, buildBin, type Ended } from "./bin.ts";

let bin: Bin;
let url: string;
beforeAll(async () => {
  bin = await buildBin("cli-query");
  ({ address: url } = await bin.serve(["serve", "--port", "0"], /server: (grpc:\S+)/));
});
afterAll(async () => bin?.close());

const run = (args: string[], env: NodeJS.ProcessEnv = {}, input?: string): Promise<Ended> =>
  bin.run(args, { env: { FLIGHTSQL_URL: url, ...env }, ...(input !== undefined && { input }) });

const values = `SELECT 9007199254740993::BIGINT AS big, 0.1::FLOAT AS f, 'NaN'::DOUBLE AS nan, -12.340::DECIMAL(10, 3) AS dec,
  E'a "b",\\nc' AS txt, '' AS empty, NULL::VARCHAR AS nil, '\\xAA\\x01'::BLOB AS bin, DATE '2024-02-29' AS day,
  TIMESTAMP '2024-02-29 01:02:03.123456' AS at, INTERVAL '1 month -2 days 1.5 seconds' AS iv,
  {'n': 18446744073709551615::UBIGINT, 'd': DATE '2024-02-29'} AS st, [1, NULL] AS list, map {'k': 2} AS m, 1 AS dup, 2 AS dup`;

it("csv has all digits, and quotes as RFC 4180 says", async () => {
  const { code, out, err } = await run(["query", values]);
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toBe(
    "big,f,nan,dec,txt,empty,nil,bin,day,at,iv,st,list,m,dup,dup\n" +
      '9007199254740993,0.1,NaN,-12.340,"a ""b"",\nc","",,aa01,2024-02-29,2024-02-29T01:02:03.123456,P1M-2DT1.5S,' +
      '"{""n"":18446744073709551615,""d"":""2024-02-29""}","[1,null]","{""k"":2}",1,2\n',
  );
});

it("json is exact, and loses no column of a repeated name", async () => {
  const object =
    '{"big":9007199254740993,"f":0.1,"nan":"NaN","dec":"-12.340","txt":"a \\"b\\",\\nc","empty":"","nil":null,' +
    '"bin":"aa01","day":"2024-02-29","at":"2024-02-29T01:02:03.123456","iv":"P1M-2DT1.5S",' +
    '"st":{"n":18446744073709551615,"d":"2024-02-29"},"list":[1,null],"m":{"k":2},"dup":1,"dup_2":2}';
  expect((await run(["query", "-F", "ndjson"], {}, values)).out).toBe(`${object}\n`);
  expect((await run(["query", "-F", "json", "-"], {}, values)).out).toBe(`[\n${object}\n]\n`);
  expect((await run(["query", "-F", "json", "SELECT 1 WHERE false"])).out).toBe("[]\n");
});

it("arrow is an IPC stream that others read", async () => {
  const { stdout, err } = await run(["query", "-F", "arrow", "SELECT i, i::VARCHAR AS t FROM range(5000) r(i)"]);
  expect(err).toBe("");
  const table = tableFromIPC(stdout);
  expect(table.numRows).toBe(5000);
  expect(table.get(4999)?.toJSON()).toEqual({ i: 4999n, t: "4999" });
});

it("a file's ending decides the format, and a query that fails leaves the file alone", async () => {
  const file = join(bin.folder, "result.ndjson");
  writeFileSync(file, "before");
  expect((await run(["query", "-o", file, "SELEC 1"])).code).toBe(1);
  expect(readFileSync(file, "utf8")).toBe("before");
  expect(await run(["query", "-o", file, "SELECT 1 AS a"])).toMatchObject({ code: 0, out: "" });
  expect(readFileSync(file, "utf8")).toBe('{"a":1}\n');
  const unknown = await run(["query", "-o", join(bin.folder, "x.arrow"), "SELECT 1"]);
  expect(unknown).toMatchObject({ code: 2, out: "" });
  expect(unknown.err).toMatch(/this writes a stream: .arrows/);
  expect(existsSync(join(bin.folder, "x.arrow"))).toBe(false);
});

it("a table fits, lines up numbers, tells nulls apart, and has no characters that a terminal acts upon", async () => {
  const sql =
    "SELECT 1 AS n, 'short' AS a, E'\\x1b[31mred\\nand quite a long text after it' AS b UNION ALL SELECT 1000000, NULL, '日本語'";
  const { out } = await run(["query", "-F", "table", "--types", sql], { COLUMNS: "40" });
  expect(out).toBe(
    [
      "      n  a      b",
      "  int32  utf8   utf8",
      "───────  ─────  ────────────────────────",
      "      1  short  ␛[31mred␊and quite a lo…",
      "1000000  ∅      日本語",
      "2 rows",
      "",
    ].join("\n"),
  );
});

it("columns that do not fit at all are counted", async () => {
  const sql = `SELECT ${Array.from({ length: 12 }, (_, i) => `'some text ${i}' AS column${i}`).join()}`;
  const { out } = await run(["query", "-F", "table", sql], { COLUMNS: "40" });
  for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(40);
  expect(out).toMatch(/1 row, 3 of 12 columns\n$/);
});

it("--limit ends a result early, and the table says whether there was more", async () => {
  const rows = "SELECT * FROM range(5000000)";
  expect(await run(["query", "-n", "2", rows])).toMatchObject({ code: 0, err: "", out: "range\n0\n1\n" });
  expect((await run(["query", "-n", "2", "-F", "table", rows])).out).toMatch(/\n2 rows; there are more/);
  expect((await run(["query", "-n", "2", "-F", "table", "SELECT * FROM range(2)"])).out).toMatch(/\n2 rows\n$/);
});

it("parameters keep their types and digits", async () => {
  const given = await run(["query", "SELECT ?, ?, ?, ?", "-p", "-1", "-p", "true", "-p", '"42"', "-p", "a b"]);
  expect(given.err).toBe("");
  expect(given.out.split("\n")[1]).toBe("-1,true,42,a b");
  expect((await run(["query", "SELECT $a AS a, $b AS b", "-p", "b=x=y", "-p", "a=null"])).out).toBe("a,b\n,x=y\n");
  expect((await run(["query", "SELECT ? AS a", "--params", "[9007199254740993]"])).out).toBe("a\n9007199254740993\n");
  const mixed = await run(["query", "SELECT 1", "-p", "a=1", "-p", "2"]);
  expect(mixed).toMatchObject({ code: 2, out: "" });
});

it("updates say how many rows changed; tables and keys are listed", async () => {
  expect((await run(["update", "CREATE TABLE parent (id INTEGER PRIMARY KEY)"])).code).toBe(0);
  await run(["update", "CREATE TABLE child (id INTEGER NOT NULL, pid INTEGER REFERENCES parent (id))"]);
  expect((await run(["update", "INSERT INTO parent VALUES (?), (?)", "-p", "1", "-p", "2"])).out).toBe(
    "2 rows changed\n",
  );
  expect((await run(["tables", "par%"])).out).toMatch(/^catalog_name,.*\n\w+,main,parent,\w+\n$/);
  expect((await run(["describe", "main.child"])).out).toBe(
    "column,type,sql_type,nullable,references\nid,int32,INTEGER,false,\npid,int32,INTEGER,true,parent.id\n",
  );
  expect((await run(["describe", "PARENT"])).out).toMatch(/\nid,int32,INTEGER,false,primary\n/);
  const missing = await run(["describe", "no_such_table"]);
  expect(missing).toMatchObject({ code: 1, out: "" });
  expect(missing.err).toMatch(/there is no table "no_such_table"/);
});

it("exit codes tell a wrong command line, a failed query and a missing server apart", async () => {
  expect((await run(["query", "SELEC 1"])).code).toBe(1);
  expect((await run(["query", "--limt", "1", "SELECT 1"])).code).toBe(2);
  expect((await run(["query", "SELECT 1"], { FLIGHTSQL_URL: "" })).code).toBe(2);
  expect((await run(["nonsense"])).code).toBe(2);
  expect((await run(["query", "-u", "grpc://127.0.0.1:1", "SELECT 1"])).code).toBe(69);
  expect((await run(["query", "--timeout", "0.3", "SELECT sum(i) FROM range(100000000000) r(i)"])).code).toBe(1);
});

it("every command has help, and none of it needs a server", async () => {
  for (const name of ["query", "update", "tables", "describe", "playground", "serve", "bridge"]) {
    const { code, out, err } = await bin.run([name, "--help"]);
    expect.soft({ code, err }).toEqual({ code: 0, err: "" });
    expect.soft(out).toMatch(new RegExp(`^flightsql ${name} `));
    for (const line of out.split("\n")) expect.soft(line.length, line).toBeLessThanOrEqual(120);
  }
  const { version } = JSON.parse(readFileSync(join(bin.folder, "node_modules/flightsql/package.json"), "utf8"));
  expect((await bin.run(["--version"])).out).toBe(`${version}\n`);
});
