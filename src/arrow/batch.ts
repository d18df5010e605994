import { type Data, type Field, makeData, RecordBatch, type Schema, Struct } from "apache-arrow";

/**
 * A batch of columns. apache-arrow's constructor merges fields by name, so that of two columns called alike the first
 * gets the type of the second; here the schema stays the one that is given.
 */
export function makeBatch(
  schema: Schema,
  length: number,
  children: Data[],
  metadata: Map<string, string> = new Map(),
): RecordBatch {
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
  return Object.assign(new RecordBatch(schema, data, metadata), { schema });
}

/** The fields of a batch, of which its schema may have merged those of the same name. */
export function batchFields(batch: RecordBatch): Field[] {
  return (batch.data.type as Struct).children as Field[];
}
