import type { Batches } from "../batches.ts";
import type { Pause } from "../result/turns.ts";
import { parquetColumns } from "./parquet-columns.ts";

/** Rows of a row group: enough to compress well, few enough that the page does not stand still while one is written. */
const GROUP_ROWS = 25_000;

/** A result as a Parquet file, a part for each row group. The writer is loaded by the first call. */
export async function parquetParts(batches: Batches, pause: Pause): Promise<Blob[]> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const columns = parquetColumns(batches.schema.fields);
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(({ element }) => element)],
    createdBy: "flightsql",
  });
  const parts: Blob[] = [];
  let values: unknown[][] = columns.map(() => []);
  const flush = async (): Promise<void> => {
    const columnData = columns.map(({ element }, c) => ({ name: element.name, data: values[c]! }));
    await file.write({ columnData, rowGroupSize: GROUP_ROWS });
    parts.push(new Blob([writer.getBytes() as Uint8Array<ArrayBuffer>]));
    // What is in a Blob is out of the writer's way; its count of bytes goes on.
    writer.index = 0;
    values = columns.map(() => []);
  };
  for (const batch of batches.list) {
    for (let begin = 0; begin < batch.numRows; ) {
      const end = Math.min(batch.numRows, begin + GROUP_ROWS - values[0]!.length);
      columns.forEach(({ reader }, c) => {
        const read = reader(batch.data.children[c]!, begin, end);
        for (let row = begin; row < end; row++) values[c]!.push(read(row));
      });
      begin = end;
      if (values[0]!.length === GROUP_ROWS) await flush();
      await pause();
    }
  }
  if (values[0]!.length > 0) await flush();
  await file.finish();
  parts.push(new Blob([writer.getBytes() as Uint8Array<ArrayBuffer>]));
  return parts;
}
