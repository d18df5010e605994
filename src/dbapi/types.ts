import {
  type DataType,
  type Decimal,
  type Dictionary,
  type Field,
  type FixedSizeBinary,
  type Int,
  type Schema,
  Type,
} from "apache-arrow";

/** The kind of SQL type that an Arrow type stands for. */
export type SqlType =
  | "NULL"
  | "BOOLEAN"
  | "INTEGER"
  | "BIGINT"
  | "FLOAT"
  | "DECIMAL"
  | "TEXT"
  | "BINARY"
  | "DATE"
  | "TIME"
  | "TIMESTAMP"
  | "INTERVAL"
  | "ARRAY"
  | "STRUCT"
  | "MAP"
  | "UNION"
  | "BLOB";

/** What PEP 249 says of one column, in its order. The sizes are null where the type has none. */
export type ColumnDescription = readonly [
  name: string,
  typeCode: SqlType,
  /** Arrow knows no such thing. */
  displaySize: null,
  /** Bytes of each value, of binary columns whose values are all of one size. */
  internalSize: number | null,
  /** Digits of a decimal. */
  precision: number | null,
  /** Digits behind the point of a decimal. */
  scale: number | null,
  nullOk: boolean,
];

export function describe(schema: Schema): ColumnDescription[] {
  return schema.fields.map((field: Field) => {
    const type = valueType(field.type);
    const { precision = null, scale = null } = type.typeId === Type.Decimal ? (type as Decimal) : {};
    const size = type.typeId === Type.FixedSizeBinary ? (type as FixedSizeBinary).byteWidth : null;
    return [field.name, sqlType(type), null, size, precision, scale, field.nullable];
  });
}

export function sqlType(type: DataType): SqlType {
  const { typeId } = valueType(type);
  switch (typeId) {
    case Type.Null:
      return "NULL";
    case Type.Bool:
      return "BOOLEAN";
    case Type.Int:
      return (valueType(type) as Int).bitWidth === 64 ? "BIGINT" : "INTEGER";
    case Type.Float:
      return "FLOAT";
    case Type.Decimal:
      return "DECIMAL";
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return "TEXT";
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return "BINARY";
    case Type.Date:
      return "DATE";
    case Type.Time:
      return "TIME";
    case Type.Timestamp:
      return "TIMESTAMP";
    case Type.Duration:
    case Type.Interval:
      return "INTERVAL";
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
      return "ARRAY";
    case Type.Struct:
      return "STRUCT";
    case Type.Map:
      return "MAP";
    case Type.Union:
      return "UNION";
    default:
      return "BLOB";
  }
}

/** A dictionary is a way to store values, not another type of them. */
function valueType(type: DataType): DataType {
  return type.typeId === Type.Dictionary ? valueType((type as Dictionary).dictionary) : type;
}
