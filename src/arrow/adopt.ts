import {
  Binary,
  BinaryView,
  Bool,
  type Data,
  type DataType,
  Date_,
  Decimal,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  type Table,
  Time,
  Timestamp,
  Type,
  Union,
  Utf8,
  Utf8View,
  Vector,
} from "apache-arrow";
import { batchFields, makeBatch } from "./batch.ts";

/**
 * The batches of a Table or RecordBatch of any copy of apache-arrow, as objects of the copy that this package uses.
 *
 * Applications that bundle two copies have two sets of classes, and one copy's writer does not trust the other's
 * objects. Nothing is copied but the objects: the buffers stay.
 *
 * @returns null when the input is neither
 */
export function toRecordBatches(input: unknown): RecordBatch[] | null {
  if (isTable(input)) return input.batches.map(adoptBatch);
  return isRecordBatch(input) ? [adoptBatch(input)] : null;
}

/** The schema of any copy of apache-arrow, likewise. */
export function toSchema(input: Schema): Schema {
  if (isOurs(input, Schema)) return input;
  return new Schema(input.fields.map(adoptField), new Map(input.metadata), undefined, input.metadataVersion);
}

export function isTable(input: unknown): input is Table {
  return isObject(input) && Array.isArray(input.batches) && isSchema(input.schema);
}

function isRecordBatch(input: unknown): input is RecordBatch {
  return isObject(input) && typeof input.numRows === "number" && isSchema(input.schema) && isObject(input.data);
}

function isSchema(input: unknown): input is Schema {
  return isObject(input) && Array.isArray(input.fields) && input.metadata instanceof Map;
}

function isObject(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === "object" && input !== null;
}

/** Whether an object is of this copy's class: apache-arrow's own `instanceof` is true across copies on purpose. */
function isOurs(input: object, { prototype }: { readonly prototype: object }): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, input);
}

function adoptBatch(batch: RecordBatch): RecordBatch {
  if (isOurs(batch, RecordBatch)) return batch;
  const { metadata, metadataVersion } = batch.schema;
  const schema = new Schema(batchFields(batch).map(adoptField), new Map(metadata), undefined, metadataVersion);
  const { length, children } = batch.data;
  // A sliced struct's children are already cut to its rows.
  const columns = children.map((child, c) => adoptData(child, schema.fields[c]!.type));
  return makeBatch(schema, length, columns, new Map(batch.metadata));
}

function adoptField(field: Field): Field {
  return new Field(field.name, adoptType(field.type), field.nullable, new Map(field.metadata));
}

/** makeData takes for each type the properties it knows, and makes typed arrays of this copy's kind of them. */
function adoptData(data: Data, type: DataType): Data {
  const fields = type.children as readonly Field[] | null;
  const children = data.children.map((child, c) => adoptData(child, fields![c]!.type));
  const { offset, length, nullCount, nullBitmap, values, valueOffsets, typeIds, variadicBuffers } = data;
  const dictionary = data.dictionary && adoptVector(data.dictionary, (type as Dictionary).dictionary);
  return makeData({
    type,
    offset,
    length,
    nullCount,
    ...(nullCount > 0 && { nullBitmap }),
    data: values,
    views: values,
    valueOffsets,
    typeIds,
    variadicBuffers,
    children,
    child: children[0],
    ...(dictionary && { dictionary }),
  } as unknown as Parameters<typeof makeData>[0]); // a union over all types, of which only the type object tells the member
}

function adoptVector(vector: Vector, type: DataType): Vector {
  return new Vector(vector.data.map((chunk: Data) => adoptData(chunk, type)));
}

function adoptType(type: DataType): DataType {
  const children = (): Field[] => (type.children as Field[]).map(adoptField);
  switch (type.typeId as Type) {
    case Type.Null:
      return new Null();
    case Type.Int:
      return new Int((type as Int).isSigned, (type as Int).bitWidth);
    case Type.Float:
      return new Float((type as Float).precision);
    case Type.Binary:
      return new Binary();
    case Type.LargeBinary:
      return new LargeBinary();
    case Type.BinaryView:
      return new BinaryView();
    case Type.Utf8:
      return new Utf8();
    case Type.LargeUtf8:
      return new LargeUtf8();
    case Type.Utf8View:
      return new Utf8View();
    case Type.Bool:
      return new Bool();
    case Type.Decimal:
      return new Decimal((type as Decimal).scale, (type as Decimal).precision, (type as Decimal).bitWidth);
    case Type.Date:
      return new Date_((type as Date_).unit);
    case Type.Time:
      return new Time((type as Time).unit, (type as Time).bitWidth);
    case Type.Timestamp:
      return new Timestamp((type as Timestamp).unit, (type as Timestamp).timezone);
    case Type.Duration:
      return new Duration((type as Duration).unit);
    case Type.Interval:
      return new Interval((type as Interval).unit);
    case Type.FixedSizeBinary:
      return new FixedSizeBinary((type as FixedSizeBinary).byteWidth);
    case Type.List:
      return new List(children()[0]!);
    case Type.LargeList:
      return new LargeList(children()[0]!);
    case Type.FixedSizeList:
      return new FixedSizeList((type as FixedSizeList).listSize, children()[0]!);
    case Type.Map:
      return new Map_(children()[0]!, (type as Map_).keysSorted);
    case Type.Struct:
      return new Struct(children());
    case Type.Union:
      return new Union((type as Union).mode, (type as Union).typeIds, children());
    case Type.Dictionary: {
      const { dictionary, indices, id, isOrdered } = type as Dictionary;
      return new Dictionary(adoptType(dictionary), adoptType(indices) as typeof indices, id, isOrdered);
    }
    default:
      throw new TypeError(`a column of type ${type} cannot be taken over from another copy of apache-arrow`);
  }
}
