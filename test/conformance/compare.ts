// Schemas and batches by what they say, whatever their bytes look like.

import {
  type Data,
  DataType,
  type Field,
  MapRow,
  type RecordBatch,
  type Schema,
  StructRow,
  type Timestamp,
  Vector,
} from "apache-arrow";
import { equal } from "./assert.ts";

/** Names, types, nullability and metadata, of nested fields too. Metadata is a set: its order differs between languages. */
export function sameSchema(actual: Schema | null, expected: Schema, what: string): void {
  equal(actual && describeSchema(actual), describeSchema(expected), `${what}: schema`);
}

/** Values and nulls; dictionaries by the values that they stand for. */
export function sameBatch(actual: RecordBatch, expected: RecordBatch, what: string): void {
  equal(actual.numRows, expected.numRows, `${what}: rows`);
  for (const [c, { name }] of expected.schema.fields.entries())
    equal(valuesOf(actual.getChildAt(c)), valuesOf(expected.getChildAt(c)), `${what}: column "${name}"`);
}

function describeSchema(schema: Schema): unknown {
  return { fields: schema.fields.map(describeField), metadata: schema.metadata };
}

function describeField({ name, type, nullable, metadata }: Field): unknown {
  const values: DataType = DataType.isDictionary(type) ? type.dictionary : type;
  return {
    name,
    type: `${type}`,
    ordered: DataType.isDictionary(type) && type.isOrdered,
    keysSorted: DataType.isMap(type) && type.keysSorted,
    nullable,
    metadata,
    children: values.children?.map(describeField) ?? [],
  };
}

function valuesOf(vector: Vector | null): unknown[] {
  if (vector === null) return [];
  // As a number of milliseconds, which is what apache-arrow makes of it, a timestamp loses its digits.
  if (DataType.isTimestamp(vector.type)) return vector.data.flatMap(countsOf);
  return Array.from(vector, plain);
}

function countsOf(data: Data<Timestamp>): (bigint | null)[] {
  return Array.from({ length: data.length }, (_, i) => (data.getValid(i) ? data.values[i]! : null));
}

function plain(value: unknown): unknown {
  if (value instanceof Vector) return valuesOf(value);
  if (value instanceof StructRow || value instanceof MapRow) return [...value].map(([k, v]) => [plain(k), plain(v)]);
  return value;
}
