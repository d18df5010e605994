import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBEnumType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
} from "@duckdb/node-api";
import {
  Binary,
  Bool,
  BufferType,
  Data,
  type DataType,
  DateDay,
  Decimal,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  makeData,
  TimeMicrosecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from "apache-arrow";
import { joinValidity } from "./buffers.ts";
import type { Column, Ids } from "./column.ts";
import type { Part } from "./memory.ts";
import { enumColumn, listColumn, mapColumn, structColumn, unionColumn } from "./nested.ts";
import { printedColumn, uuidColumn } from "./printed.ts";
import { joinText, textBytes } from "./text.ts";
import { joinDecimals, joinHuge, joinIntervals, joinUnsignedHuge, packBools } from "./wide.ts";

/**
 * The Arrow type a DuckDB type is sent as, and the way there. Exact for every value: what Arrow has no type for
 * (`TIME WITH TIME ZONE`, `BIT`, `BIGNUM`, `UUID`, `VARIANT`) is sent as text.
 */
export function columnOf(type: DuckDBType, ids: Ids): Column {
  const id = DuckDBTypeId;
  if (type instanceof DuckDBDecimalType) {
    const arrow = new Decimal(type.scale, type.width, 128);
    return converted(arrow, 16, (parts, rows) => joinDecimals(parts, rows, decimalWidth(type.width)));
  }
  if (type instanceof DuckDBEnumType) return enumColumn(type, ids);
  if (type instanceof DuckDBListType) return listColumn(columnOf(type.valueType, ids));
  if (type instanceof DuckDBArrayType) return listColumn(columnOf(type.valueType, ids), type.length);
  if (type instanceof DuckDBMapType) return mapColumn(columnOf(type.keyType, ids), columnOf(type.valueType, ids));
  if (type instanceof DuckDBStructType) return structColumn(named(type.entryNames, type.entryTypes, ids));
  if (type instanceof DuckDBUnionType) return unionColumn(named(type.memberTags, type.memberTypes, ids));
  switch (type.typeId) {
    case id.BOOLEAN:
      return converted(new Bool(), 1, packBools);
    case id.TINYINT:
      return fixed(new Int8(), 1);
    case id.SMALLINT:
      return fixed(new Int16(), 2);
    case id.INTEGER:
      return fixed(new Int32(), 4);
    case id.BIGINT:
      return fixed(new Int64(), 8);
    case id.UTINYINT:
      return fixed(new Uint8(), 1);
    case id.USMALLINT:
      return fixed(new Uint16(), 2);
    case id.UINTEGER:
      return fixed(new Uint32(), 4);
    case id.UBIGINT:
      return fixed(new Uint64(), 8);
    case id.FLOAT:
      return fixed(new Float32(), 4);
    case id.DOUBLE:
      return fixed(new Float64(), 8);
    case id.HUGEINT:
      // 38 digits are the most that decimal128 may declare. HUGEINT reaches 39: those values go through unchanged.
      return converted(new Decimal(0, 38, 128), 16, joinHuge);
    case id.UHUGEINT:
      return converted(new Decimal(0, 39, 256), 32, joinUnsignedHuge);
    case id.DATE:
      return fixed(new DateDay(), 4);
    case id.TIME:
      return fixed(new TimeMicrosecond(), 8);
    case id.TIME_NS:
      return fixed(new TimeNanosecond(), 8);
    case id.TIMESTAMP:
      return fixed(new TimestampMicrosecond(), 8);
    case id.TIMESTAMP_S:
      return fixed(new TimestampSecond(), 8);
    case id.TIMESTAMP_MS:
      return fixed(new TimestampMillisecond(), 8);
    case id.TIMESTAMP_NS:
      return fixed(new TimestampNanosecond(), 8);
    case id.TIMESTAMP_TZ:
      return fixed(new TimestampMicrosecond("UTC"), 8);
    case id.INTERVAL:
      return converted(new IntervalMonthDayNano(), 16, joinIntervals);
    case id.VARCHAR:
      return text(new Utf8());
    case id.BLOB:
    case id.GEOMETRY:
      return text(new Binary());
    case id.UUID:
      return uuidColumn();
    default:
      return printedColumn(type);
  }
}

function named(names: readonly string[], types: readonly DuckDBType[], ids: Ids): { name: string; column: Column }[] {
  return names.map((name, i) => ({ name, column: columnOf(types[i]!, ids) }));
}

/** Values that are laid out in Arrow as they are in DuckDB. */
function fixed(type: DataType, width: number): Column {
  return converted(type, width, (parts, rows) => {
    const bytes = new Uint8Array(rows * width);
    let at = 0;
    for (const part of parts) {
      bytes.set(part.bytes(width), at);
      at += part.length * width;
    }
    return bytes;
  });
}

function converted(type: DataType, width: number, join: (parts: readonly Part[], rows: number) => Uint8Array): Column {
  return {
    type,
    bytes: (part) => part.length * width,
    join: (parts, rows) => {
      const { nullCount, nullBitmap } = joinValidity(parts, rows);
      const values = new type.ArrayType(join(parts, rows).buffer);
      return new Data(type, 0, rows, nullCount, {
        [BufferType.VALIDITY]: nullBitmap ?? new Uint8Array(0),
        [BufferType.DATA]: values,
      });
    },
  };
}

function text(type: Utf8 | Binary): Column {
  return {
    type,
    bytes: (part) => textBytes(part) + part.length * 4,
    join: (parts, rows) => {
      const props = { length: rows, ...joinValidity(parts, rows), ...joinText(parts, rows) };
      return type instanceof Utf8 ? makeData({ type, ...props }) : makeData({ type, ...props });
    },
  };
}

/** DuckDB keeps a decimal in the smallest integer its width fits in. */
function decimalWidth(width: number): 2 | 4 | 8 | 16 {
  if (width <= 4) return 2;
  if (width <= 9) return 4;
  return width <= 18 ? 8 : 16;
}
