import { Field, Int32, Schema, Utf8 } from "apache-arrow";
import { Kysely } from "kysely";
import { expect, test } from "vitest";
import { writeSchema } from "../../src/arrow/encode.ts";
import { FlightSqlDialect } from "../../src/kysely/index.ts";
import { rowsResult } from "../../src/server/rows.ts";
import { metadataSchemas } from "../../src/server/schemas.ts";
import { connect, infoOf, scripted } from "../contract/scripted.ts";

test("what a server may say of a column is told, and its system tables are not", async () => {
  const said = (entries: Record<string, string>): Map<string, string> =>
    new Map(Object.entries(entries).map(([name, value]) => [`ARROW:FLIGHT:SQL:${name}`, value]));
  const columns = writeSchema(
    new Schema([
      new Field("id", new Int32(), false, said({ TYPE_NAME: "SERIAL", IS_AUTO_INCREMENT: "1", REMARKS: "the key" })),
      new Field("name", new Utf8(), true, said({ TYPE_NAME: "", IS_AUTO_INCREMENT: "0", REMARKS: "" })),
    ]),
  );
  const server = scripted({
    getFlightInfo: async () => infoOf([]),
    doGet: async () =>
      rowsResult(metadataSchemas.tablesWithSchema, [
        [null, null, null, null],
        ["", "sales", "INFORMATION_SCHEMA", "sales"],
        ["bare", "seen", "columns", "log"],
        ["BASE TABLE", "MATERIALIZED VIEW", "VIEW", "SYSTEM TABLE"],
        [columns, columns, columns, columns],
      ]),
  });
  const features = { "metadata-reflection": "on" };
  const client = connect({ url: "http://scripted.example", transport: server.transport, features });
  const db = new Kysely<object>({ dialect: new FlightSqlDialect({ client }) });
  const expected = [
    {
      name: "id",
      dataType: "SERIAL",
      isNullable: false,
      isAutoIncrementing: true,
      hasDefaultValue: false,
      comment: "the key",
    },
    { name: "name", dataType: "Utf8", isNullable: true, isAutoIncrementing: false, hasDefaultValue: false },
  ];
  expect(await db.introspection.getTables()).toEqual([
    { name: "bare", isView: false, isForeign: false, columns: expected },
    { name: "seen", schema: "sales", isView: true, isForeign: false, columns: expected },
  ]);
});
