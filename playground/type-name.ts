import { DataType, type Field, IntervalUnit, Precision, Type } from "apache-arrow";
import { unitName } from "./scalar-text.ts";

/** What a column holds, for people: `timestamp[µs, UTC]`, `list<int32>`, with "not null" where the schema promises it. */
export function columnType(field: Field): string {
  return typeName(field.type) + (field.nullable ? "" : " not null");
}

const FLOATS: Record<Precision, string> = {
  [Precision.HALF]: "float16",
  [Precision.SINGLE]: "float32",
  [Precision.DOUBLE]: "float64",
};

const INTERVALS: Record<IntervalUnit, string> = {
  [IntervalUnit.YEAR_MONTH]: "months",
  [IntervalUnit.DAY_TIME]: "days, ms",
  [IntervalUnit.MONTH_DAY_NANO]: "months, days, ns",
};

/** An Arrow type in Arrow's own words. */
export function typeName(type: DataType): string {
  if (DataType.isInt(type)) return `${type.isSigned ? "" : "u"}int${type.bitWidth}`;
  if (DataType.isFloat(type)) return FLOATS[type.precision];
  if (DataType.isDecimal(type)) return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
  if (DataType.isDate(type)) return type.unit === 0 ? "date32" : "date64";
  if (DataType.isTime(type)) return `time${type.bitWidth}[${unitName(type.unit)}]`;
  if (DataType.isTimestamp(type)) {
    return `timestamp[${unitName(type.unit)}${type.timezone ? `, ${type.timezone}` : ""}]`;
  }
  if (DataType.isDuration(type)) return `duration[${unitName(type.unit)}]`;
  if (DataType.isInterval(type)) return `interval[${INTERVALS[type.unit]}]`;
  if (DataType.isFixedSizeBinary(type)) return `binary[${type.byteWidth}]`;
  if (DataType.isDictionary(type)) return `dictionary<${typeName(type.indices)}, ${typeName(type.dictionary)}>`;
  if (DataType.isList(type)) return `list<${typeName(type.valueType)}>`;
  if (DataType.isLargeList(type)) return `large_list<${typeName(type.valueType)}>`;
  if (DataType.isFixedSizeList(type)) return `list[${type.listSize}]<${typeName(type.valueType)}>`;
  if (DataType.isMap(type)) return `map<${typeName(type.keyType)}, ${typeName(type.valueType)}>`;
  if (DataType.isStruct(type)) return `struct<${members(type)}>`;
  if (DataType.isUnion(type)) return `union<${members(type)}>`;
  return PLAIN[type.typeId] ?? String(type);
}

const PLAIN: Partial<Record<Type, string>> = {
  [Type.Null]: "null",
  [Type.Bool]: "bool",
  [Type.Utf8]: "utf8",
  [Type.LargeUtf8]: "large_utf8",
  [Type.Utf8View]: "utf8_view",
  [Type.Binary]: "binary",
  [Type.LargeBinary]: "large_binary",
  [Type.BinaryView]: "binary_view",
};

function members(type: DataType): string {
  return (type.children as Field[]).map((field) => `${field.name}: ${typeName(field.type)}`).join(", ");
}
