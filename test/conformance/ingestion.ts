import { Field, Int64, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import { Transaction } from "../../src/sql/transaction.ts";
import { equal, utf8 } from "./assert.ts";
import type { Scenario } from "./scenario.ts";

const schema = new Schema([new Field("test_field", new Int64(), true)]);

function threeNulls(): RecordBatch {
  const values = { data: new BigInt64Array(3), nullBitmap: new Uint8Array(1) };
  const column = makeData({ type: new Int64(), length: 3, nullCount: 3, ...values });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 3, children: [column] }));
}

export const ingestion: Scenario = {
  name: "flight_sql:ingestion",
  async run({ connect }) {
    // The scenario's transaction was never begun; a transaction of the client's is one that was.
    // biome-ignore lint/complexity/useLiteralKeys: in brackets TypeScript lets tests at what is protected
    const tx = new Transaction(connect()["connection"], utf8("123"));
    const rows = await tx.ingest("test_table", [threeNulls()], {
      mode: "replace",
      schema: "test_schema",
      catalog: "test_catalog",
      temporary: true,
      options: { key1: "val1", key2: "val2" },
    });
    equal(rows, 3n, "rows loaded");
  },
};
