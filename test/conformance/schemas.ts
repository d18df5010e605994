// The schemas that Flight SQL fixes for its metadata commands, and those of the integration scenarios.

import {
  Binary,
  Bool,
  type DataType,
  DenseUnion,
  Field,
  Int32,
  Int64,
  List,
  Map_,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Uint8,
  Uint32,
  Utf8,
} from "apache-arrow";

const field = (name: string, type: DataType, nullable = false, metadata?: Map<string, string>): Field =>
  new Field(name, type, nullable, metadata);
const utf8 = (name: string, nullable = false): Field => field(name, new Utf8(), nullable);
const int32 = (name: string, nullable = false): Field => field(name, new Int32(), nullable);
const nullable = true;

export const catalogsSchema: Schema = new Schema([utf8("catalog_name")]);

export const dbSchemasSchema: Schema = new Schema([utf8("catalog_name", nullable), utf8("db_schema_name")]);

export const tablesSchema: Schema = new Schema([
  utf8("catalog_name", nullable),
  utf8("db_schema_name", nullable),
  utf8("table_name"),
  utf8("table_type"),
]);

export const tablesWithSchemaSchema: Schema = new Schema([...tablesSchema.fields, field("table_schema", new Binary())]);

export const tableTypesSchema: Schema = new Schema([utf8("table_type")]);

export const primaryKeysSchema: Schema = new Schema([
  utf8("catalog_name", nullable),
  utf8("db_schema_name", nullable),
  utf8("table_name"),
  utf8("column_name"),
  int32("key_sequence"),
  utf8("key_name", nullable),
]);

/** Of GetExportedKeys, GetImportedKeys and GetCrossReference. */
export const foreignKeysSchema: Schema = new Schema([
  utf8("pk_catalog_name", nullable),
  utf8("pk_db_schema_name", nullable),
  utf8("pk_table_name"),
  utf8("pk_column_name"),
  utf8("fk_catalog_name", nullable),
  utf8("fk_db_schema_name", nullable),
  utf8("fk_table_name"),
  utf8("fk_column_name"),
  int32("key_sequence"),
  utf8("fk_key_name", nullable),
  utf8("pk_key_name", nullable),
  field("update_rule", new Uint8()),
  field("delete_rule", new Uint8()),
]);

export const xdbcTypeInfoSchema: Schema = new Schema([
  utf8("type_name"),
  int32("data_type"),
  int32("column_size", nullable),
  utf8("literal_prefix", nullable),
  utf8("literal_suffix", nullable),
  field("create_params", new List(utf8("item")), nullable),
  int32("nullable"),
  field("case_sensitive", new Bool()),
  int32("searchable"),
  field("unsigned_attribute", new Bool(), nullable),
  field("fixed_prec_scale", new Bool()),
  field("auto_increment", new Bool(), nullable),
  utf8("local_type_name", nullable),
  int32("minimum_scale", nullable),
  int32("maximum_scale", nullable),
  int32("sql_data_type"),
  int32("datetime_subcode", nullable),
  int32("num_prec_radix", nullable),
  int32("interval_precision", nullable),
]);

const int32List = new List<Int32>(int32("item", nullable) as Field<Int32>);
type MapEntries = Struct<{ key: Int32; value: List<Int32> }>;

export const sqlInfoSchema: Schema = new Schema([
  field("info_name", new Uint32()),
  field(
    "value",
    new DenseUnion(
      [0, 1, 2, 3, 4, 5],
      [
        utf8("string_value"),
        field("bool_value", new Bool()),
        field("bigint_value", new Int64()),
        int32("int32_bitmask"),
        field("string_list", new List(utf8("item", nullable))),
        field(
          "int32_to_int32_list_map",
          new Map_(
            field("entries", new Struct([int32("key"), field("value", int32List, nullable)])) as Field<MapEntries>,
          ),
        ),
      ],
    ),
  ),
]);

const columnMetadata = new Map([
  ["ARROW:FLIGHT:SQL:TABLE_NAME", "test"],
  ["ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT", "1"],
  ["ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE", "0"],
  ["ARROW:FLIGHT:SQL:TYPE_NAME", "type_test"],
  ["ARROW:FLIGHT:SQL:SCHEMA_NAME", "schema_test"],
  ["ARROW:FLIGHT:SQL:IS_SEARCHABLE", "1"],
  ["ARROW:FLIGHT:SQL:CATALOG_NAME", "catalog_test"],
  ["ARROW:FLIGHT:SQL:PRECISION", "100"],
  ["ARROW:FLIGHT:SQL:REMARKS", "test column"],
]);

/** Of every query outside a transaction; also of the parameters, metadata and all. */
export const querySchema: Schema = new Schema([field("id", new Int64(), nullable, columnMetadata)]);

/** Of every query inside one. */
export const transactionSchema: Schema = new Schema([field("pkey", new Int32(), nullable, columnMetadata)]);

/** One set of parameters, id = 1, under `querySchema`. */
export function queryParameters(): RecordBatch {
  const id = makeData({ type: new Int64(), length: 1, data: BigInt64Array.of(1n) });
  return new RecordBatch(querySchema, makeData({ type: new Struct(querySchema.fields), length: 1, children: [id] }));
}
