import { type DuckDBConnection, version as duckdbVersion } from "@duckdb/node-api";
import {
  type Data,
  type DataType,
  type DenseUnion,
  makeData,
  RecordBatch,
  Struct,
  vectorFromArray,
} from "apache-arrow";
import {
  SqlInfo,
  SqlNullOrdering,
  SqlOuterJoinsSupportLevel,
  SqlSupportedCaseSensitivity,
  SqlSupportedGroupBy,
  SqlSupportedTransaction,
  SqlSupportedUnions,
  SqlTransactionIsolationLevel,
} from "../../gen/FlightSql_pb.ts";
import type { Result } from "../backend.ts";
import { metadataSchemas } from "../schemas.ts";
import { searchEscape, select } from "./catalog.ts";
import { transactionIdleMs } from "./limits.ts";

type InfoValue =
  | { readonly kind: 0; readonly value: string }
  | { readonly kind: 1; readonly value: boolean }
  | { readonly kind: 2; readonly value: bigint }
  | { readonly kind: 3; readonly value: number }
  | { readonly kind: 4; readonly value: readonly string[] };

const text = (value: string): InfoValue => ({ kind: 0, value });
const flag = (value: boolean): InfoValue => ({ kind: 1, value });
const count = (value: bigint): InfoValue => ({ kind: 2, value });
/** A value of an enumeration of FlightSql.proto. */
const choice = (value: number): InfoValue => ({ kind: 3, value });
/** Bit n is set when value n of the enumeration applies. */
const bits = (...set: readonly number[]): InfoValue => ({ kind: 3, value: set.reduce((sum, n) => sum | (1 << n), 0) });
const list = (value: readonly string[]): InfoValue => ({ kind: 4, value });

const fixed: ReadonlyMap<number, InfoValue> = new Map([
  [SqlInfo.FLIGHT_SQL_SERVER_NAME, text("DuckDB")],
  [SqlInfo.FLIGHT_SQL_SERVER_VERSION, text(duckdbVersion())],
  // The version of Arrow's columnar format that apache-arrow 21 writes.
  [SqlInfo.FLIGHT_SQL_SERVER_ARROW_VERSION, text("1.5")],
  [SqlInfo.FLIGHT_SQL_SERVER_READ_ONLY, flag(false)],
  [SqlInfo.FLIGHT_SQL_SERVER_SQL, flag(true)],
  [SqlInfo.FLIGHT_SQL_SERVER_SUBSTRAIT, flag(false)],
  [SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION, choice(SqlSupportedTransaction.TRANSACTION)],
  [SqlInfo.FLIGHT_SQL_SERVER_CANCEL, flag(true)],
  [SqlInfo.FLIGHT_SQL_SERVER_BULK_INGESTION, flag(true)],
  [SqlInfo.FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED, flag(true)],
  // 0: a statement may take as long as it takes.
  [SqlInfo.FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT, choice(0)],
  [SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT, choice(transactionIdleMs)],
  [SqlInfo.SQL_DDL_CATALOG, flag(false)],
  [SqlInfo.SQL_DDL_SCHEMA, flag(true)],
  [SqlInfo.SQL_DDL_TABLE, flag(true)],
  // Names are kept as they are written, and found in any case, quoted or not.
  [SqlInfo.SQL_IDENTIFIER_CASE, choice(SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE)],
  [SqlInfo.SQL_IDENTIFIER_QUOTE_CHAR, text('"')],
  [SqlInfo.SQL_QUOTED_IDENTIFIER_CASE, choice(SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE)],
  [SqlInfo.SQL_ALL_TABLES_ARE_SELECTABLE, flag(true)],
  [SqlInfo.SQL_NULL_ORDERING, choice(SqlNullOrdering.SQL_NULLS_SORTED_AT_END)],
  [SqlInfo.SQL_SEARCH_STRING_ESCAPE, text(searchEscape)],
  [SqlInfo.SQL_EXTRA_NAME_CHARACTERS, text("")],
  [SqlInfo.SQL_SUPPORTS_COLUMN_ALIASING, flag(true)],
  [SqlInfo.SQL_NULL_PLUS_NULL_IS_NULL, flag(true)],
  [SqlInfo.SQL_SUPPORTS_TABLE_CORRELATION_NAMES, flag(true)],
  [SqlInfo.SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES, flag(false)],
  [SqlInfo.SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY, flag(true)],
  [SqlInfo.SQL_SUPPORTS_ORDER_BY_UNRELATED, flag(true)],
  [
    SqlInfo.SQL_SUPPORTED_GROUP_BY,
    bits(SqlSupportedGroupBy.SQL_GROUP_BY_UNRELATED, SqlSupportedGroupBy.SQL_GROUP_BY_BEYOND_SELECT),
  ],
  [SqlInfo.SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE, flag(true)],
  [SqlInfo.SQL_SUPPORTS_NON_NULLABLE_COLUMNS, flag(true)],
  [
    SqlInfo.SQL_OUTER_JOINS_SUPPORT_LEVEL,
    bits(SqlOuterJoinsSupportLevel.SQL_LIMITED_OUTER_JOINS, SqlOuterJoinsSupportLevel.SQL_FULL_OUTER_JOINS),
  ],
  [SqlInfo.SQL_SCHEMA_TERM, text("schema")],
  [SqlInfo.SQL_PROCEDURE_TERM, text("macro")],
  [SqlInfo.SQL_CATALOG_TERM, text("database")],
  [SqlInfo.SQL_CATALOG_AT_START, flag(true)],
  [SqlInfo.SQL_SELECT_FOR_UPDATE_SUPPORTED, flag(false)],
  [SqlInfo.SQL_STORED_PROCEDURES_SUPPORTED, flag(false)],
  [SqlInfo.SQL_CORRELATED_SUBQUERIES_SUPPORTED, flag(true)],
  [SqlInfo.SQL_SUPPORTED_UNIONS, bits(SqlSupportedUnions.SQL_UNION, SqlSupportedUnions.SQL_UNION_ALL)],
  [SqlInfo.SQL_MAX_BINARY_LITERAL_LENGTH, count(0n)],
  [SqlInfo.SQL_MAX_CHAR_LITERAL_LENGTH, count(0n)],
  [SqlInfo.SQL_DEFAULT_TRANSACTION_ISOLATION, choice(SqlTransactionIsolationLevel.SQL_TRANSACTION_REPEATABLE_READ)],
  [SqlInfo.SQL_TRANSACTIONS_SUPPORTED, flag(true)],
  [
    SqlInfo.SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS,
    bits(SqlTransactionIsolationLevel.SQL_TRANSACTION_REPEATABLE_READ),
  ],
  [SqlInfo.SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT, flag(false)],
  [SqlInfo.SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED, flag(false)],
  [SqlInfo.SQL_BATCH_UPDATES_SUPPORTED, flag(true)],
  [SqlInfo.SQL_SAVEPOINTS_SUPPORTED, flag(false)],
  [SqlInfo.SQL_NAMED_PARAMETERS_SUPPORTED, flag(true)],
]);

/** What DuckDB itself has lists of. */
async function lists(connection: DuckDBConnection): Promise<[number, InfoValue][]> {
  const [keywords] = await select(
    connection,
    "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved' ORDER BY 1",
  );
  const [categories, names] = await select(
    connection,
    `SELECT category, function_name FROM (
       SELECT DISTINCT function_name, CASE
         WHEN function_name SIMILAR TO '(date|time|year|month|day|hour|minute|second|week|quarter|epoch|make_time|age|now|today|strf|strp|to_).*' THEN 'datetime'
         WHEN list_contains(parameter_types, 'VARCHAR') AND return_type = 'VARCHAR' THEN 'string'
         WHEN list_contains(['DOUBLE', 'HUGEINT'], return_type) AND list_has_any(parameter_types, ['DOUBLE', 'HUGEINT']) THEN 'numeric'
         WHEN function_name SIMILAR TO '(current|version|pg_|has_).*' THEN 'system' END AS category
       FROM duckdb_functions() WHERE function_type = 'scalar' AND regexp_matches(function_name, '^[a-z_0-9]+$'))
     WHERE category IS NOT NULL ORDER BY ALL`,
  );
  const of = (category: string) => list(names!.filter((_, i) => categories![i] === category).map(String));
  return [
    [SqlInfo.SQL_KEYWORDS, list(keywords!.map(String))],
    [SqlInfo.SQL_NUMERIC_FUNCTIONS, of("numeric")],
    [SqlInfo.SQL_STRING_FUNCTIONS, of("string")],
    [SqlInfo.SQL_SYSTEM_FUNCTIONS, of("system")],
    [SqlInfo.SQL_DATETIME_FUNCTIONS, of("datetime")],
  ];
}

/** What is known of the ids asked for, all of it when none are; unknown ids are left out. */
export async function sqlInfo(connection: DuckDBConnection, ids: readonly number[]): Promise<Result> {
  const values = new Map([...fixed, ...(await lists(connection))].sort(([a], [b]) => a - b));
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
