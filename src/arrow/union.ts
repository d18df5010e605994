import {
  type Data,
  type DataType,
  type Field,
  type Int,
  makeData,
  type Precision,
  Type,
  type Union,
  UnionMode,
} from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import { isInterval } from "./interval.ts";
import { isBytes, isDate, isList, isMap } from "./misfit.ts";
import { invalid, type Place } from "./place.ts";

type ColumnData = (type: DataType, values: readonly unknown[], place: Place) => Data;

/**
 * Lays values out as a union, each under the child that its JavaScript type asks for.
 *
 * @param column how a child is laid out: handed in, since it leads back here when unions nest
 */
export function unionData(type: Union, values: readonly unknown[], place: Place, column: ColumnData): Data {
  const isDense = type.mode === UnionMode.Dense;
  const columns: unknown[][] = type.children.map(() => []);
  const rows: number[][] = type.children.map(() => []);
  const typeIds = new Int8Array(values.length);
  const valueOffsets = new Int32Array(values.length);
  values.forEach((value, i) => {
    const child = childOf(type, value ?? null, () => place(i), column);
    typeIds[i] = type.typeIds[child]!;
    valueOffsets[i] = isDense ? columns[child]!.length : i;
    for (const [c, items] of columns.entries()) {
      if (c !== child && isDense) continue;
      items.push(c === child ? (value ?? null) : undefined);
      rows[c]!.push(i);
    }
  });
  const children = type.children.map((field, c) => column(field.type, columns[c]!, (i) => place(rows[c]![i]!)));
  const props = { type, length: values.length, nullCount: 0, typeIds, children, ...(isDense && { valueOffsets }) };
  return makeData(props as Parameters<typeof makeData>[0]);
}

function childOf(type: Union, value: unknown, place: () => string, column: ColumnData): number {
  const children = type.children as Field[];
  if (value === null) {
    const untyped = children.findIndex((field) => field.type.typeId === Type.Null);
    return untyped >= 0
      ? untyped
      : Math.max(
          0,
          children.findIndex((field) => field.nullable),
        );
  }
  const wanted = typesFor(value);
  const candidates = children
    .map((field, i) => ({ i, type: field.type as DataType, rank: wanted.indexOf(field.type.typeId) }))
    .filter(({ rank }) => rank >= 0)
    // Of several widths the widest, which is what a value is when nobody leads it; signed before unsigned.
    .sort((a, b) => a.rank - b.rank || width(b.type) - width(a.type));
  for (const candidate of candidates) {
    try {
      column(candidate.type, [value], place);
      return candidate.i;
    } catch (thrown) {
      if (!(thrown instanceof FlightSqlError)) throw thrown;
    }
  }
  throw invalid(place(), value, type, "none of its types takes it");
}

/** Arrow types for the kind of a value, the most natural first. */
function typesFor(value: unknown): readonly Type[] {
  if (typeof value === "boolean") return [Type.Bool];
  if (typeof value === "bigint" || Number.isInteger(value)) return [Type.Int, Type.Decimal, Type.Float];
  if (typeof value === "number") return [Type.Float, Type.Decimal];
  if (typeof value === "string") return [Type.Utf8, Type.LargeUtf8, Type.Utf8View];
  if (isBytes(value) || value instanceof ArrayBuffer)
    return [Type.Binary, Type.LargeBinary, Type.BinaryView, Type.FixedSizeBinary];
  if (isDate(value)) return [Type.Timestamp, Type.Date];
  if (isList(value)) return [Type.List, Type.LargeList, Type.FixedSizeList];
  if (isMap(value)) return [Type.Map];
  return isInterval(value) ? [Type.Interval, Type.Struct] : [Type.Struct];
}

function width(type: DataType): number {
  if (type.typeId === Type.Float) return 16 << ((type as DataType & { precision: Precision }).precision as number);
  if (type.typeId !== Type.Int) return 0;
  const { bitWidth, isSigned } = type as Int;
  return bitWidth + (isSigned ? 1 : 0);
}
