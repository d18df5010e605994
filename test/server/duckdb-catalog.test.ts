import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSchema } from "../../src/arrow/encapsulated.ts";
import {
  CommandGetCatalogsSchema,
  CommandGetDbSchemasSchema,
  CommandGetSqlInfoSchema,
  CommandGetTablesSchema,
  CommandGetTableTypesSchema,
  SqlInfo,
} from "../../src/gen/FlightSql_pb.ts";
import type { Backend } from "../../src/server/backend.ts";
import { duckdbBackend } from "../../src/server/duckdb.ts";
import { type Listening, listen } from "../../src/server/listen.ts";
import { metadataSchemas } from "../../src/server/schemas.ts";
import { descriptor, type Flight, failure, grpc, query, read, rows, statement, update } from "./harness.ts";

let backend: Backend & { close(): Promise<void> };
let server: Listening;
let client: Flight;

beforeAll(async () => {
  backend = await duckdbBackend({
    setup: `CREATE SCHEMA other;
      CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, tags VARCHAR[]);
      CREATE TABLE "people%" (x INT);
      CREATE TABLE other.people (y INT);
      CREATE VIEW names AS SELECT name FROM people`,
  });
  server = await listen(backend);
  client = grpc(server.url);
});
afterAll(async () => {
  await server.close(0);
  await backend.close();
});

const tables = async (filters: MessageInitShape<typeof CommandGetTablesSchema> = {}) => {
  const table = await read(client, descriptor(create(CommandGetTablesSchema, filters)));
  return rows(table).map((row) => [row.db_schema_name, row.table_name, row.table_type].join(" "));
};

describe("tables", () => {
  it("are listed with their kind", async () => {
    expect(await tables()).toEqual([
      "main names VIEW",
      "main people TABLE",
      "main people% TABLE",
      "other people TABLE",
    ]);
  });

  it("are filtered: a catalog by name, schemas and tables by pattern, kinds by list", async () => {
    expect(await tables({ catalog: "memory", dbSchemaFilterPattern: "oth__" })).toEqual(["other people TABLE"]);
    expect(await tables({ catalog: "memor_" })).toEqual([]);
    // An empty name is that of objects without a catalog, of which there are none.
    expect(await tables({ catalog: "" })).toEqual([]);
    expect(await tables({ tableNameFilterPattern: "people_" })).toEqual(["main people% TABLE"]);
    expect(await tables({ tableNameFilterPattern: "people\\%" })).toEqual(["main people% TABLE"]);
    expect(await tables({ tableNameFilterPattern: "people\\_" })).toEqual([]);
    expect(await tables({ tableTypes: ["VIEW", "SYSTEM TABLE"] })).toEqual(["main names VIEW"]);
  });

  it("come with their Arrow schema when asked for", async () => {
    const command = descriptor(
      create(CommandGetTablesSchema, {
        includeSchema: true,
        tableNameFilterPattern: "people",
        dbSchemaFilterPattern: "main",
      }),
    );
    const table = await read(client, command);
    expect(String(table.schema)).toBe(String(metadataSchemas.tablesWithSchema));
    const schema = readSchema(rows(table)[0]!.table_schema as Uint8Array)!;
    expect(schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
      "id Int64 false",
      "name Utf8 false",
      "tags List<Utf8> true",
    ]);
  });
});

it("catalogs, schemas and table types are listed", async () => {
  expect(rows(await read(client, descriptor(create(CommandGetCatalogsSchema))))).toEqual([{ catalog_name: "memory" }]);
  expect(rows(await read(client, descriptor(create(CommandGetDbSchemasSchema))))).toEqual([
    { catalog_name: "memory", db_schema_name: "main" },
    { catalog_name: "memory", db_schema_name: "other" },
  ]);
  expect(
    rows(await read(client, descriptor(create(CommandGetDbSchemasSchema, { dbSchemaFilterPattern: "o%" })))),
  ).toEqual([{ catalog_name: "memory", db_schema_name: "other" }]);
  const types = await read(client, descriptor(create(CommandGetTableTypesSchema)));
  expect(rows(types).map(({ table_type }) => table_type)).toEqual(["LOCAL TEMPORARY", "TABLE", "VIEW"]);
});

it("every listing has the protocol's schema, in FlightInfo, in GetSchema and in the stream", async () => {
  const all = [
    [CommandGetCatalogsSchema, metadataSchemas.catalogs],
    [CommandGetDbSchemasSchema, metadataSchemas.dbSchemas],
    [CommandGetTablesSchema, metadataSchemas.tables],
    [CommandGetTableTypesSchema, metadataSchemas.tableTypes],
    [CommandGetSqlInfoSchema, metadataSchemas.sqlInfo],
  ] as const;
  for (const [message, schema] of all) {
    const command = descriptor(create(message));
    const spelled = (s: typeof schema | null) => s!.fields.map((f) => `${f.name} ${f.type} ${f.nullable}`);
    expect(spelled(readSchema((await client.getFlightInfo(command)).schema))).toEqual(spelled(schema));
    expect(spelled(readSchema((await client.getSchema(command)).schema))).toEqual(spelled(schema));
    expect(spelled((await read(client, command)).schema)).toEqual(spelled(schema));
  }
});

it("what the server can do is told by id, unknown ids left out", async () => {
  const ids = [
    SqlInfo.SQL_IDENTIFIER_QUOTE_CHAR,
    9999,
    SqlInfo.FLIGHT_SQL_SERVER_READ_ONLY,
    SqlInfo.FLIGHT_SQL_SERVER_NAME,
  ];
  const table = await read(client, descriptor(create(CommandGetSqlInfoSchema, { info: ids })));
  expect(rows(table).map(({ info_name, value }) => [info_name, value])).toEqual([
    [504, '"'],
    [3, false],
    [0, "DuckDB"],
  ]);
  const all = await read(client, descriptor(create(CommandGetSqlInfoSchema)));
  expect(all.numRows).toBeGreaterThan(10);
});

describe("a statement", () => {
  it("has its schema before it is run, and its errors", async () => {
    const info = await client.getFlightInfo(statement("SELECT 1 AS a, 'x' AS b"));
    expect(readSchema(info.schema)!.fields.map(({ name, type }) => `${name} ${type}`)).toEqual(["a Int32", "b Utf8"]);
    expect([info.totalRecords, info.totalBytes, info.ordered, info.endpoint.length]).toEqual([-1n, -1n, true, 1]);
    expect(info.endpoint[0]!.location).toEqual([]);
    expect(await failure(client.getFlightInfo(statement("SELECT * FROM nowhere")))).toMatchObject({
      code: Code.InvalidArgument,
      message: /^Catalog Error: Table with name nowhere does not exist!/,
    });
    expect((await failure(client.getFlightInfo(statement("selec 1")))).message).toMatch(/^Parser Error: syntax error/);
    expect((await failure(client.getFlightInfo(statement(" -- nothing")))).message).toBe("The text has no statement.");
  });

  it("that changes something is not run before it is read", async () => {
    const info = await client.getFlightInfo(statement("CREATE TABLE lazy AS SELECT 1 AS i"));
    expect((await failure(query(client, "SELECT * FROM lazy"))).code).toBe(Code.InvalidArgument);
    for await (const _ of client.doGet(info.endpoint[0]!.ticket!));
    expect(rows(await query(client, "SELECT * FROM lazy"))).toEqual([{ i: 1 }]);
  });

  it("without rows has a result with its schema", async () => {
    const table = await query(client, "SELECT 1 AS a WHERE false");
    expect([table.numRows, table.schema.fields[0]!.name]).toEqual([0, "a"]);
  });

  it("updates count what they change", async () => {
    expect(await update(client, "CREATE TABLE counted (i INT)")).toBe(0n);
    expect(await update(client, "INSERT INTO counted SELECT * FROM range(10)")).toBe(10n);
    expect(await update(client, "UPDATE counted SET i = 0 WHERE i < 4")).toBe(4n);
    expect(await update(client, "DELETE FROM counted WHERE i = 0; DELETE FROM counted")).toBe(10n);
    expect(await update(client, "SELECT 1")).toBe(-1n);
    expect((await failure(update(client, "INSERT INTO nowhere VALUES (1)"))).message).toMatch(/nowhere/);
  });
});

it("a ticket of somebody else's is refused", async () => {
  const all = async () => {
    for await (const _ of client.doGet({ ticket: new TextEncoder().encode("what") }));
  };
  expect((await failure(all())).code).toBe(Code.InvalidArgument);
});
