import { type Data, DataType, type Field, type RecordBatch, type Schema } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import { batchFields, makeBatch } from "./batch.ts";

/**
 * A batch as one of a stream's schema, which may number dictionaries differently and say other things of its fields
 * than their types.
 *
 * @throws FlightSqlError `invalid_argument` when the columns are others
 */
export function conform(batch: RecordBatch, schema: Schema): RecordBatch {
  if (batch.schema === schema) return batch;
  const fields = batchFields(batch);
  if (!sameFields(fields, schema.fields)) {
    const describe = (list: readonly Field[]): string => `{${list.map((f) => `${f.name}: ${f.type}`).join(", ")}}`;
    throw new FlightSqlError(
      "invalid_argument",
      `a batch of ${describe(fields)} cannot go into a stream of ${describe(schema.fields)}`,
    );
  }
  const { length, children } = batch.data;
  return makeBatch(schema, length, children, batch.metadata);
}

export function withColumns(batch: RecordBatch, children: Data[]): RecordBatch {
  return makeBatch(batch.schema, batch.numRows, children, batch.metadata);
}

function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return a.length === b.length && a.every((f, i) => f.name === b[i]!.name && sameType(f.type, b[i]!.type));
}

// What makes two types of the same kind differ, by the names of apache-arrow's properties.
const parameters = ["isSigned", "bitWidth", "precision", "scale", "unit", "timezone", "byteWidth", "listSize", "mode"];

function sameType(a: DataType, b: DataType): boolean {
  if (a === b) return true;
  if (a.typeId !== b.typeId) return false;
  const [ours, theirs] = [a, b] as unknown as Record<string, unknown>[]; // each type has some of the parameters
  if (parameters.some((name) => (ours![name] ?? null) !== (theirs![name] ?? null))) return false;
  if (DataType.isDictionary(a) && DataType.isDictionary(b))
    return sameType(a.indices, b.indices) && sameType(a.dictionary, b.dictionary);
  if (DataType.isUnion(a) && DataType.isUnion(b) && String(a.typeIds) !== String(b.typeIds)) return false;
  const [children, others] = [a.children as Field[] | null, b.children as Field[] | null];
  // The items of lists and maps are called this or that; only their types matter.
  if (DataType.isStruct(a) || DataType.isUnion(a)) return sameFields(children ?? [], others ?? []);
  return (children ?? []).every((child, i) => others?.[i] !== undefined && sameType(child.type, others[i].type));
}
