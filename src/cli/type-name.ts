import { DataType, type Field, IntervalUnit, Precision, TimeUnit, Type } from "apache-arrow";

/** An Arrow type in Arrow's words, as short as they go: `timestamp[us, UTC]`, `list<int32>`. */
export function typeName(type: DataType): string {
  if (DataType.isInt(type)) return `${type.isSigned ? "" : "u"}int${type.bitWidth}`;
  if (DataType.isFloat(type)) return floats[type.precision];
  if (DataType.isDecimal(type)) return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
  if (DataType.isDate(type)) return type.unit === 0 ? "date32" : "date64";
  if (DataType.isTime(type)) return `time${type.bitWidth}[${units[type.unit]}]`;
  if (DataType.isTimestamp(type)) return `timestamp[${units[type.unit]}${type.timezone ? `, ${type.timezone}` : ""}]`;
  if (DataType.isDuration(type)) return `duration[${units[type.unit]}]`;
  if (DataType.isInterval(type)) return `interval[${intervals[type.unit]}]`;
  if (DataType.isFixedSizeBinary(type)) return `binary[${type.byteWidth}]`;
  if (DataType.isDictionary(type)) return `dictionary<${typeName(type.dictionary)}>`;
  if (DataType.isFixedSizeList(type)) return `list[${type.listSize}]<${typeName(type.valueType)}>`;
  if (DataType.isList(type) || DataType.isLargeList(type)) return `list<${typeName(type.valueType)}>`;
  if (DataType.isMap(type)) return `map<${typeName(type.keyType)}, ${typeName(type.valueType)}>`;
  if (DataType.isStruct(type)) return `struct<${members(type)}>`;
  if (DataType.isUnion(type)) return `union<${members(type)}>`;
  return plain[type.typeId as Type] ?? String(type);
}

const floats: Readonly<Record<Precision, string>> = {
  [Precision.HALF]: "float16",
  [Precision.SINGLE]: "float32",
  [Precision.DOUBLE]: "float64",
};

const units: Readonly<Record<TimeUnit, string>> = {
  [TimeUnit.SECOND]: "s",
  [TimeUnit.MILLISECOND]: "ms",
  [TimeUnit.MICROSECOND]: "us",
  [TimeUnit.NANOSECOND]: "ns",
};

const intervals: Readonly<Record<IntervalUnit, string>> = {
  [IntervalUnit.YEAR_MONTH]: "months",
  [IntervalUnit.DAY_TIME]: "days, ms",
  [IntervalUnit.MONTH_DAY_NANO]: "months, days, ns",
};

const plain: Partial<Record<Type, string>> = {
  [Type.Null]: "null",
  [Type.Bool]: "bool",
  [Type.Utf8]: "utf8",
  [Type.LargeUtf8]: "utf8",
  [Type.Utf8View]: "utf8",
  [Type.Binary]: "binary",
  [Type.LargeBinary]: "binary",
  [Type.BinaryView]: "binary",
};

function members(type: DataType): string {
  return (type.children as Field[]).map((field) => `${field.name}: ${typeName(field.type)}`).join(", ");
}
