import { version as duckdbVersion } from "@duckdb/node-api";
import {
  type Data,
  type DataType,
  type DenseUnion,
  makeData,
  RecordBatch,
  Struct,
  vectorFromArray,
} from "apache-arrow";
import { SqlInfo } from "../../gen/FlightSql_pb.ts";
import type { Result } from "../backend.ts";
import { metadataSchemas } from "../schemas.ts";
import { searchEscape } from "./catalog.ts";

type InfoValue =
  | { readonly kind: 0; readonly value: string }
  | { readonly kind: 1; readonly value: boolean }
  | { readonly kind: 2; readonly value: bigint }
  | { readonly kind: 3; readonly value: number };

const text = (value: string): InfoValue => ({ kind: 0, value });
const flag = (value: boolean): InfoValue => ({ kind: 1, value });
const bits = (value: number): InfoValue => ({ kind: 3, value });

const values: ReadonlyMap<number, InfoValue> = new Map([
  [SqlInfo.FLIGHT_SQL_SERVER_NAME, text("DuckDB")],
  [SqlInfo.FLIGHT_SQL_SERVER_VERSION, text(duckdbVersion())],
  // The version of Arrow's columnar format that apache-arrow 21 writes.
  [SqlInfo.FLIGHT_SQL_SERVER_ARROW_VERSION, text("1.5")],
  [SqlInfo.FLIGHT_SQL_SERVER_READ_ONLY, flag(false)],
  [SqlInfo.FLIGHT_SQL_SERVER_SQL, flag(true)],
  [SqlInfo.FLIGHT_SQL_SERVER_SUBSTRAIT, flag(false)],
  // SQL_SUPPORTED_TRANSACTION_NONE
  [SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION, bits(0)],
  [SqlInfo.FLIGHT_SQL_SERVER_CANCEL, flag(false)],
  [SqlInfo.FLIGHT_SQL_SERVER_BULK_INGESTION, flag(false)],
  [SqlInfo.SQL_DDL_SCHEMA, flag(true)],
  [SqlInfo.SQL_DDL_TABLE, flag(true)],
  [SqlInfo.SQL_IDENTIFIER_QUOTE_CHAR, text('"')],
  [SqlInfo.SQL_ALL_TABLES_ARE_SELECTABLE, flag(true)],
  [SqlInfo.SQL_SEARCH_STRING_ESCAPE, text(searchEscape)],
]);

/** What is known of the ids asked for, all of it when none are; unknown ids are left out. */
export function sqlInfo(ids: readonly number[]): Result {
  const wanted = ids.length === 0 ? [...values.keys()] : ids.filter((id) => values.has(id));
  const schema = metadataSchemas.sqlInfo;
  const type = schema.fields[1]!.type as DenseUnion;
  const children: unknown[][] = type.children.map(() => []);
  const typeIds = new Int8Array(wanted.length);
  const valueOffsets = new Int32Array(wanted.length);
  for (const [row, id] of wanted.entries()) {
    const { kind, value } = values.get(id)!;
    typeIds[row] = kind;
    valueOffsets[row] = children[kind]!.push(value) - 1;
  }
  const column = makeData({
    type,
    length: wanted.length,
    typeIds,
    valueOffsets,
    children: type.children.map((field, i) => childData(field.type, children[i]!)),
  });
  const data = makeData({
    type: new Struct(schema.fields),
    length: wanted.length,
    nullCount: 0,
    children: [vectorFromArray(wanted, schema.fields[0]!.type).data[0]!, column],
  });
  return {
    schema,
    chunks: (async function* () {
      yield { batch: new RecordBatch(schema, data) };
    })(),
  };
}

function childData(type: DataType, items: unknown[]): Data {
  return vectorFromArray(items, type).data[0] ?? makeData({ type, length: 0 });
}
