import type { CommandGetXdbcTypeInfo } from "../../gen/FlightSql_pb.ts";
import type { Result } from "../backend.ts";
import { rowsResult } from "../rows.ts";
import { metadataSchemas } from "../schemas.ts";

/** What XDBC wants to know of a type; the rest follows from it. */
interface XdbcType {
  readonly name: string;
  /** FlightSql.proto, XdbcDataType. */
  readonly type: number;
  /** Digits, characters or bytes. */
  readonly size?: number;
  readonly quoted?: boolean;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly params?: readonly string[];
  readonly unsigned?: boolean;
  readonly scale?: readonly [number, number];
  readonly radix?: number;
  /** FlightSql.proto, XdbcDatetimeSubcode. */
  readonly subcode?: number;
  readonly text?: boolean;
}

// XdbcDataType
const xdbc = {
  char: 1,
  decimal: 3,
  integer: 4,
  smallint: 5,
  float: 6,
  real: 7,
  double: 8,
  datetime: 9,
  interval: 10,
  varchar: 12,
  date: 91,
  time: 92,
  timestamp: 93,
  binary: -2,
  varbinary: -3,
  bigint: -5,
  tinyint: -6,
  bit: -7,
} as const;

const integers = (unsigned: boolean) => ({ unsigned, scale: [0, 0] as const, radix: 10 });
const quoted = { prefix: "'", suffix: "'" };

const types: readonly XdbcType[] = [
  { name: "BOOLEAN", type: xdbc.bit, size: 1 },
  { name: "TINYINT", type: xdbc.tinyint, size: 3, ...integers(false) },
  { name: "UTINYINT", type: xdbc.tinyint, size: 3, ...integers(true) },
  { name: "SMALLINT", type: xdbc.smallint, size: 5, ...integers(false) },
  { name: "USMALLINT", type: xdbc.smallint, size: 5, ...integers(true) },
  { name: "INTEGER", type: xdbc.integer, size: 10, ...integers(false) },
  { name: "UINTEGER", type: xdbc.integer, size: 10, ...integers(true) },
  { name: "BIGINT", type: xdbc.bigint, size: 19, ...integers(false) },
  { name: "UBIGINT", type: xdbc.bigint, size: 20, ...integers(true) },
  { name: "HUGEINT", type: xdbc.decimal, size: 39, ...integers(false) },
  { name: "UHUGEINT", type: xdbc.decimal, size: 39, ...integers(true) },
  {
    name: "DECIMAL",
    type: xdbc.decimal,
    size: 38,
    params: ["precision", "scale"],
    scale: [0, 38],
    radix: 10,
    unsigned: false,
  },
  { name: "FLOAT", type: xdbc.real, size: 24, radix: 2, unsigned: false },
  { name: "DOUBLE", type: xdbc.double, size: 53, radix: 2, unsigned: false },
  { name: "VARCHAR", type: xdbc.varchar, text: true, ...quoted },
  { name: "UUID", type: xdbc.char, size: 36, ...quoted },
  { name: "BLOB", type: xdbc.varbinary, ...quoted },
  { name: "DATE", type: xdbc.date, size: 10, subcode: 1, prefix: "DATE '", suffix: "'" },
  { name: "TIME", type: xdbc.time, size: 15, subcode: 2, scale: [6, 6], prefix: "TIME '", suffix: "'" },
  { name: "TIMESTAMP", type: xdbc.timestamp, size: 26, subcode: 3, scale: [6, 6], prefix: "TIMESTAMP '", suffix: "'" },
  {
    name: "TIMESTAMP WITH TIME ZONE",
    type: xdbc.timestamp,
    size: 32,
    subcode: 5,
    scale: [6, 6],
    prefix: "TIMESTAMPTZ '",
    suffix: "'",
  },
  { name: "INTERVAL", type: xdbc.interval, prefix: "INTERVAL '", suffix: "'" },
];

/** Whether FlightSql.proto counts a type among dates and times, whose `sql_data_type` is that of all of them. */
const verbose: ReadonlyMap<number, number> = new Map([
  [xdbc.date, xdbc.datetime],
  [xdbc.time, xdbc.datetime],
  [xdbc.timestamp, xdbc.datetime],
]);

// XdbcNullable and XdbcSearchable
const nullable = 1;
const searchable = { basic: 2, full: 3 };

/** The types of DuckDB that XDBC has, of one kind when `data_type` says so. */
export function xdbcTypeInfo({ dataType }: CommandGetXdbcTypeInfo): Result {
  const rows = types.filter(({ type }) => dataType === undefined || type === dataType).sort((a, b) => a.type - b.type);
  return rowsResult(metadataSchemas.xdbcTypeInfo, [
    rows.map(({ name }) => name),
    rows.map(({ type }) => type),
    rows.map(({ size = null }) => size),
    rows.map(({ prefix = null }) => prefix),
    rows.map(({ suffix = null }) => suffix),
    rows.map(({ params = null }) => params),
    rows.map(() => nullable),
    rows.map(({ text = false }) => text),
    rows.map(({ text }) => (text ? searchable.full : searchable.basic)),
    rows.map(({ unsigned = null }) => unsigned),
    rows.map(() => false),
    rows.map(() => false),
    rows.map(({ name }) => name),
    rows.map(({ scale }) => scale?.[0] ?? null),
    rows.map(({ scale }) => scale?.[1] ?? null),
    rows.map(({ type }) => verbose.get(type) ?? type),
    rows.map(({ subcode = null }) => subcode),
    rows.map(({ radix = null }) => radix),
    rows.map(() => null),
  ]);
}
