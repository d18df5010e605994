import {
  ARRAY,
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
  FLOAT,
  HUGEINT,
  INTEGER,
  INTERVAL,
  LIST,
  MAP,
  SMALLINT,
  TIME,
  TIME_NS,
  TIMESTAMP,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  TIMESTAMP_S,
  TIMESTAMPTZ,
  TINYINT,
  UBIGINT,
  UHUGEINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
} from "@duckdb/node-api";
import {
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Dictionary,
  type Duration,
  type FixedSizeList,
  type Float,
  type Int,
  type Interval,
  type List,
  type Map_,
  Precision,
  type RecordBatch,
  type Struct,
  type Time,
  type Timestamp,
  TimeUnit,
  Type,
  type Union,
} from "apache-arrow";
import { columnVector, writeBytes } from "./memory.ts";
import {
  boolBytes,
  type Convert,
  daysOfMs,
  halfFloats,
  intervals,
  microseconds,
  resizedIntegers,
  sameBytes,
} from "./write-fixed.ts";
import {
  type Writer,
  writeDictionary,
  writeEntries,
  writeFixedLists,
  writeLists,
  writeMembers,
  writeUnion,
} from "./write-nested.ts";
import { misfit, writeAllNull, writeNulls } from "./write-rows.ts";
import { writeTexts } from "./write-text.ts";

/** DuckDB's own size of a chunk. */
const chunkRows = 2048;

/** The rows of a batch as DuckDB's chunks, made one at a time. `order` gives each column of a chunk its writer's index. */
export function* batchChunks(
  batch: RecordBatch,
  writers: readonly Writer[],
  order?: readonly number[],
): Generator<DuckDBDataChunk> {
  const columns = order ?? writers.map((_, i) => i);
  const types = columns.map((i) => writers[i]!.type);
  for (let start = 0; start < batch.numRows; start += chunkRows) {
    const count = Math.min(chunkRows, batch.numRows - start);
    const chunk = DuckDBDataChunk.create(types, count);
    columns.forEach((from, to) => {
      writers[from]!.write(columnVector(chunk, to), batch.data.children[from]!, start, count);
    });
    yield chunk;
  }
}

/**
 * How an Arrow column goes to DuckDB: the type that holds all its values exactly, and the way there.
 *
 * @param expected the type it is wanted as, for what can be more than one
 * @throws ConnectError invalid_argument when DuckDB has no such type
 */
export function writerOf(type: DataType, column: string, expected?: DuckDBType): Writer {
  switch (type.typeId as Type) {
    case Type.Null:
      // As DuckDB itself, which makes such columns INTEGER.
      return { type: expected ?? INTEGER, write: (vector, _data, _start, count) => writeAllNull(vector, count) };
    case Type.Bool:
      return fixed(BOOLEAN, boolBytes);
    case Type.Int: {
      const { isSigned, bitWidth } = type as Int;
      const duckdb = (isSigned ? signed : unsigned)[bitWidth]!;
      return fixed(duckdb, sameBytes(bitWidth >> 3));
    }
    case Type.Float: {
      const { precision } = type as Float;
      if (precision === Precision.DOUBLE) return fixed(DOUBLE, sameBytes(8));
      return fixed(FLOAT, precision === Precision.HALF ? halfFloats : sameBytes(4));
    }
    case Type.Decimal:
      return decimalWriter(type as Decimal, column, expected);
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return texts(VARCHAR, column);
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return texts(BLOB, undefined);
    case Type.Date:
      return (type as Date_).unit === DateUnit.DAY ? fixed(DATE, sameBytes(4)) : fixed(DATE, daysOfMs);
    case Type.Time: {
      const { unit } = type as Time;
      return unit === TimeUnit.NANOSECOND ? fixed(TIME_NS, sameBytes(8)) : fixed(TIME, microseconds(unit, column));
    }
    case Type.Timestamp: {
      const { unit, timezone } = type as Timestamp;
      return timezone ? fixed(TIMESTAMPTZ, microseconds(unit, column)) : fixed(timestamps[unit], sameBytes(8));
    }
    case Type.Duration: {
      const micros = microseconds((type as Duration).unit, column);
      return fixed(INTERVAL, (data, start, count) => {
        const out = new BigInt64Array(count * 2);
        (micros(data, start, count) as BigInt64Array).forEach((value, i) => {
          out[i * 2 + 1] = value;
        });
        return out;
      });
    }
    case Type.Interval:
      return fixed(INTERVAL, intervals(type as Interval, column));
    case Type.List:
    case Type.LargeList: {
      const item = writerOf((type as List).valueType, column);
      return withNulls(LIST(item.type), writeLists(item.write));
    }
    case Type.FixedSizeList: {
      const { listSize, valueType } = type as FixedSizeList;
      if (listSize === 0) throw misfit(column, "is a list of fixed size 0, which DuckDB does not have");
      const item = writerOf(valueType, column);
      return withNulls(ARRAY(item.type, listSize), writeFixedLists(item.write, listSize));
    }
    case Type.Map: {
      const { keyType, valueType } = type as Map_;
      const members = [writerOf(keyType, column), writerOf(valueType, column)] as const;
      return withNulls(MAP(members[0].type, members[1].type), writeLists(writeEntries(members)));
    }
    case Type.Struct: {
      const { children } = type as Struct;
      if (children.length === 0) throw misfit(column, "is a struct without members, which DuckDB does not have");
      const members = children.map((child) => writerOf(child.type, `${column}.${child.name}`));
      const names = children.map(({ name }) => name);
      return withNulls(
        new DuckDBStructType(
          names,
          members.map((member) => member.type),
        ),
        writeMembers(members),
      );
    }
    case Type.Union: {
      const { children } = type as Union;
      const members = children.map((child) => writerOf(child.type, `${column}.${child.name}`));
      const names = children.map(({ name }) => name);
      const duckdb = new DuckDBUnionType(
        names,
        members.map((member) => member.type),
      );
      return { type: duckdb, write: writeUnion(members) };
    }
    case Type.Dictionary: {
      const value = writerOf((type as Dictionary).dictionary, column, expected);
      return { type: value.type, write: writeDictionary(value.write, column) };
    }
    default:
      throw misfit(column, `has the type ${type}, which DuckDB does not have`);
  }
}

const signed: Readonly<Record<number, DuckDBType>> = { 8: TINYINT, 16: SMALLINT, 32: INTEGER, 64: BIGINT };
const unsigned: Readonly<Record<number, DuckDBType>> = { 8: UTINYINT, 16: USMALLINT, 32: UINTEGER, 64: UBIGINT };
const timestamps: Readonly<Record<TimeUnit, DuckDBType>> = {
  [TimeUnit.SECOND]: TIMESTAMP_S,
  [TimeUnit.MILLISECOND]: TIMESTAMP_MS,
  [TimeUnit.MICROSECOND]: TIMESTAMP,
  [TimeUnit.NANOSECOND]: TIMESTAMP_NS,
};

/** DECIMAL up to 38 digits; beyond, and where they are wanted, whole numbers as HUGEINT or UHUGEINT. */
function decimalWriter(type: Decimal, column: string, expected: DuckDBType | undefined): Writer {
  const { precision, scale } = type;
  const huge = expected?.typeId === DuckDBTypeId.HUGEINT;
  if (scale === 0 && (huge || expected?.typeId === DuckDBTypeId.UHUGEINT || precision === 39)) {
    return fixed(huge ? HUGEINT : UHUGEINT, resizedIntegers(type, 16, column, !huge));
  }
  if (precision > 38 || scale < 0 || scale > precision)
    throw misfit(
      column,
      `has the type ${type}: DuckDB's decimals have up to 38 digits, and 0 to all of them behind the point`,
    );
  const width = precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
  return fixed(DECIMAL(precision, scale), resizedIntegers(type, width, column, false));
}

function fixed(type: DuckDBType, convert: Convert): Writer {
  return withNulls(type, (vector, data, start, count) => {
    const { buffer, byteOffset, byteLength } = convert(data, start, count);
    writeBytes(vector, new Uint8Array(buffer, byteOffset, byteLength));
  });
}

function texts(type: DuckDBType, checked: string | undefined): Writer {
  return withNulls(type, (vector, data, start, count) => writeTexts(vector, data, start, count, checked));
}

function withNulls(type: DuckDBType, write: Writer["write"]): Writer {
  return {
    type,
    write(vector, data, start, count) {
      if (count === 0) return;
      write(vector, data, start, count);
      writeNulls(vector, data, start, count);
    },
  };
}
