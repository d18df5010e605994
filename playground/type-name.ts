import { DataType, type Field, Precision, TimeUnit } from "apache-arrow";
import { typeName } from "../src/cli/type-name.ts";

export { typeName } from "../src/cli/type-name.ts";

/** What a column holds, in Arrow's words, with "not null" where the schema promises it. */
export function columnType(field: Field): string {
  return typeName(field.type) + (field.nullable ? "" : " not null");
}

/** Everything the schema says of a column, a line each: `price: decimal128(9, 2)`, `DECIMAL(9, 2) · nullable`, its metadata. */
export function columnHint(field: Field): string {
  const lines = [
    `${field.name}: ${typeName(field.type)}`,
    `${sqlName(field.type)} · ${field.nullable ? "nullable" : "not null"}`,
  ];
  for (const [key, value] of field.metadata)
    lines.push(`${key} = ${value.length > 80 ? `${value.slice(0, 80)}…` : value}`);
  return lines.join("\n");
}

const DIGITS: Readonly<Record<TimeUnit, number>> = {
  [TimeUnit.SECOND]: 0,
  [TimeUnit.MILLISECOND]: 3,
  [TimeUnit.MICROSECOND]: 6,
  [TimeUnit.NANOSECOND]: 9,
};

const INTEGERS: Readonly<Record<number, string>> = { 8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT" };

/** The type as most SQL dialects would call it. */
export function sqlName(type: DataType): string {
  if (DataType.isNull(type)) return "NULL";
  if (DataType.isBool(type)) return "BOOLEAN";
  if (DataType.isInt(type)) return `${INTEGERS[type.bitWidth]}${type.isSigned ? "" : " UNSIGNED"}`;
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? "DOUBLE" : "REAL";
  if (DataType.isDecimal(type)) return `DECIMAL(${type.precision}, ${type.scale})`;
  if (DataType.isDate(type)) return "DATE";
  if (DataType.isTime(type)) return `TIME(${DIGITS[type.unit]})`;
  if (DataType.isTimestamp(type)) {
    return `TIMESTAMP(${DIGITS[type.unit]})${type.timezone ? " WITH TIME ZONE" : ""}`;
  }
  if (DataType.isDuration(type) || DataType.isInterval(type)) return "INTERVAL";
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return "VARCHAR";
  if (DataType.isFixedSizeBinary(type)) return `BINARY(${type.byteWidth})`;
  if (DataType.isDictionary(type)) return sqlName(type.dictionary);
  if (DataType.isList(type) || DataType.isLargeList(type)) return `${sqlName(type.valueType)}[]`;
  if (DataType.isFixedSizeList(type)) return `${sqlName(type.valueType)}[${type.listSize}]`;
  if (DataType.isMap(type)) return `MAP(${sqlName(type.keyType)}, ${sqlName(type.valueType)})`;
  if (DataType.isStruct(type)) return `STRUCT(${members(type)})`;
  if (DataType.isUnion(type)) return `UNION(${members(type)})`;
  return "VARBINARY";
}

function members(type: DataType): string {
  return (type.children as Field[]).map((field) => `${field.name} ${sqlName(field.type)}`).join(", ");
}
