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
  Schema,
  Struct,
  Uint8,
  Uint32,
  Utf8,
} from "apache-arrow";

/*
 * The results of the metadata commands. Their columns and nullability are the protocol's (FlightSql.proto; where its
 * comments and Arrow's own servers differ, the servers: key_sequence stands before key_name).
 */

const required = (name: string, type: DataType) => new Field(name, type, false);
const optional = (name: string, type: DataType) => new Field(name, type, true);

const keysSchema = new Schema([
  optional("pk_catalog_name", new Utf8()),
  optional("pk_db_schema_name", new Utf8()),
  required("pk_table_name", new Utf8()),
  required("pk_column_name", new Utf8()),
  optional("fk_catalog_name", new Utf8()),
  optional("fk_db_schema_name", new Utf8()),
  required("fk_table_name", new Utf8()),
  required("fk_column_name", new Utf8()),
  required("key_sequence", new Int32()),
  optional("fk_key_name", new Utf8()),
  optional("pk_key_name", new Utf8()),
  required("update_rule", new Uint8()),
  required("delete_rule", new Uint8()),
]);

const tables: readonly Field[] = [
  optional("catalog_name", new Utf8()),
  optional("db_schema_name", new Utf8()),
  required("table_name", new Utf8()),
  required("table_type", new Utf8()),
];

const sqlInfoValue = new DenseUnion(
  [0, 1, 2, 3, 4, 5],
  [
    required("string_value", new Utf8()),
    required("bool_value", new Bool()),
    required("bigint_value", new Int64()),
    required("int32_bitmask", new Int32()),
    required("string_list", new List(optional("item", new Utf8()))),
    required(
      "int32_to_int32_list_map",
      new Map_(
        required(
          "entries",
          new Struct<{ key: Int32; value: List<Int32> }>([
            required("key", new Int32()) as Field<Int32>,
            optional("value", new List(optional("item", new Int32()) as Field<Int32>)) as Field<List<Int32>>,
          ]),
        ) as Field<Struct<{ key: Int32; value: List<Int32> }>>,
      ),
    ),
  ],
);

type MetadataName =
  | "catalogs"
  | "dbSchemas"
  | "tables"
  | "tablesWithSchema"
  | "tableTypes"
  | "primaryKeys"
  | "keys"
  | "sqlInfo"
  | "xdbcTypeInfo";

/** The Arrow schema of each metadata command's result; `tablesWithSchema` is GetTables with `include_schema`. */
export const metadataSchemas: Readonly<Record<MetadataName, Schema>> = {
  catalogs: new Schema([required("catalog_name", new Utf8())]),
  dbSchemas: new Schema([optional("catalog_name", new Utf8()), required("db_schema_name", new Utf8())]),
  tables: new Schema([...tables]),
  tablesWithSchema: new Schema([...tables, required("table_schema", new Binary())]),
  tableTypes: new Schema([required("table_type", new Utf8())]),
  primaryKeys: new Schema([
    optional("catalog_name", new Utf8()),
    optional("db_schema_name", new Utf8()),
    required("table_name", new Utf8()),
    required("column_name", new Utf8()),
    required("key_sequence", new Int32()),
    optional("key_name", new Utf8()),
  ]),
  keys: keysSchema,
  sqlInfo: new Schema([required("info_name", new Uint32()), required("value", sqlInfoValue)]),
  xdbcTypeInfo: new Schema([
    required("type_name", new Utf8()),
    required("data_type", new Int32()),
    optional("column_size", new Int32()),
    optional("literal_prefix", new Utf8()),
    optional("literal_suffix", new Utf8()),
    optional("create_params", new List(required("item", new Utf8()))),
    required("nullable", new Int32()),
    required("case_sensitive", new Bool()),
    required("searchable", new Int32()),
    optional("unsigned_attribute", new Bool()),
    required("fixed_prec_scale", new Bool()),
    optional("auto_increment", new Bool()),
    optional("local_type_name", new Utf8()),
    optional("minimum_scale", new Int32()),
    optional("maximum_scale", new Int32()),
    required("sql_data_type", new Int32()),
    optional("datetime_subcode", new Int32()),
    optional("num_prec_radix", new Int32()),
    optional("interval_precision", new Int32()),
  ]),
};
