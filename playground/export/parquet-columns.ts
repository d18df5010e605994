import { type Data, DataType, type Decimal, type Field, Precision, TimeUnit } from "apache-arrow";
import type { SchemaElement } from "hyparquet";
import { unscaledReader } from "../../src/arrow/decimal.ts";
import { distinctNames } from "../../src/arrow/objects.ts";
import { valueReader } from "../../src/arrow/values.ts";
import { isBytes, writerFor } from "../format.ts";

type Read = (row: number) => unknown;

/** How a column is written to Parquet. https://parquet.apache.org/docs/file-format/types/logicaltypes/ */
export interface ParquetColumn {
  element: SchemaElement;
  /** Reads the rows `begin` to `end` as the writer wants them; null for nulls. */
  reader(data: Data, begin: number, end: number): Read;
}

/**
 * The columns of a file. int64, decimals, dates, times, and timestamps with their unit stay what they are; dictionaries
 * become their values, durations their count, intervals and what is nested their text (ISO 8601, JSON). Seconds, which
 * Parquet lacks, become milliseconds.
 */
export function parquetColumns(fields: readonly Field[]): ParquetColumn[] {
  const names = distinctNames(fields.map(({ name }) => name));
  return fields.map((field, i) => {
    const { reader, ...element } = columnOf(field.type);
    const repetition_type = field.nullable ? "OPTIONAL" : "REQUIRED";
    return { reader, element: { name: names[i]!, repetition_type, ...element } };
  });
}

type Shape = Omit<SchemaElement, "name" | "repetition_type"> & {
  reader: ParquetColumn["reader"];
};

function columnOf(type: DataType): Shape {
  if (DataType.isDictionary(type)) return { ...columnOf(type.dictionary), reader: ofValue(type.dictionary) };
  if (DataType.isBool(type) || DataType.isNull(type)) return { type: "BOOLEAN", reader: plain };
  if (DataType.isInt(type)) {
    const { bitWidth, isSigned } = type;
    const converted_type = `${isSigned ? "" : "U"}INT_${bitWidth}` as NonNullable<SchemaElement["converted_type"]>;
    // Without the logical type: hyparquet-writer 0.17 writes its bit width as an i32, where other readers want an i8.
    return { type: bitWidth === 64 ? "INT64" : "INT32", converted_type, reader: plain };
  }
  if (DataType.isFloat(type)) return { type: type.precision === Precision.DOUBLE ? "DOUBLE" : "FLOAT", reader: plain };
  if (DataType.isDecimal(type)) return decimalColumn(type);
  if (DataType.isDate(type))
    return { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" }, reader: plain };
  if (DataType.isTimestamp(type)) {
    const { unit, times } = unitOf(type.unit);
    const logical_type = { type: "TIMESTAMP", isAdjustedToUTC: Boolean(type.timezone), unit } as const;
    return { type: "INT64", logical_type, reader: raw((value) => (value as bigint) * times) };
  }
  if (DataType.isTime(type)) {
    const { unit, times } = unitOf(type.unit);
    const logical_type = { type: "TIME", isAdjustedToUTC: false, unit } as const;
    if (unit !== "MILLIS") return { type: "INT64", logical_type, reader: raw((value) => BigInt(value) * times) };
    return { type: "INT32", logical_type, reader: raw((value) => Number(value) * Number(times)) };
  }
  if (DataType.isDuration(type)) return { type: "INT64", reader: plain };
  if (DataType.isFixedSizeBinary(type)) {
    return { type: "FIXED_LEN_BYTE_ARRAY", type_length: type.byteWidth, reader: plain };
  }
  if (isBytes(type)) return { type: "BYTE_ARRAY", reader: plain };
  return { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" }, reader: text(type) };
}

function decimalColumn({ precision, scale: arrowScale, bitWidth }: Decimal): Shape {
  // Parquet has no scale below 0.
  const scale = Math.max(0, arrowScale);
  const digits = precision + scale - arrowScale;
  const shift = 10n ** BigInt(scale - arrowScale);
  const shape = { converted_type: "DECIMAL", logical_type: { type: "DECIMAL", precision: digits, scale } } as const;
  const reader: Shape["reader"] = (data) => {
    const { values } = data;
    const unscaled = unscaledReader(
      new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2),
      bitWidth / 32,
    );
    return nullable(data, (row) => BigInt(unscaled(row)) * shift);
  };
  if (digits <= 9) return { type: "INT32", ...shape, precision: digits, scale, reader };
  if (digits <= 18) return { type: "INT64", ...shape, precision: digits, scale, reader };
  const type_length = Math.ceil((digits * Math.log2(10) + 1) / 8);
  return { type: "FIXED_LEN_BYTE_ARRAY", type_length, ...shape, precision: digits, scale, reader };
}

const plain: Shape["reader"] = (data, begin, end) => valueReader(data, begin, end, "", { timestamp: "bigint" });

/** What stands in the column's own memory. */
function raw(convert: (value: number | bigint) => unknown): Shape["reader"] {
  return (data) => nullable(data, (row) => convert(data.values[row]));
}

function text(type: DataType): Shape["reader"] {
  const write = writerFor(type);
  return (data, begin, end) => {
    const read = valueReader(data, begin, end, "", { timestamp: "string" });
    return (row) => {
      const value = read(row);
      return value === null ? null : write(value);
    };
  };
}

function nullable(data: Data, read: Read): Read {
  return data.nullCount === 0 ? read : (row) => (data.getValid(row) ? read(row) : null);
}

/** Reads a dictionary column as its values, chunk by chunk. */
function ofValue(type: DataType): Shape["reader"] {
  const { reader } = columnOf(type);
  return (data) => {
    const chunks = (data.dictionary as { data: readonly Data[] }).data;
    const readers = chunks.map((chunk) => reader(chunk, 0, chunk.length));
    return nullable(data, (row) => {
      let key = Number(data.values[row]);
      let chunk = 0;
      while (key >= chunks[chunk]!.length) key -= chunks[chunk++]!.length;
      return readers[chunk]!(key);
    });
  };
}

function unitOf(unit: TimeUnit): { unit: "MILLIS" | "MICROS" | "NANOS"; times: bigint } {
  if (unit === TimeUnit.SECOND) return { unit: "MILLIS", times: 1000n };
  if (unit === TimeUnit.MILLISECOND) return { unit: "MILLIS", times: 1n };
  return { unit: unit === TimeUnit.MICROSECOND ? "MICROS" : "NANOS", times: 1n };
}
