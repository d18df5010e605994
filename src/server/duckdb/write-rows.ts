import { Code, ConnectError } from "@connectrpc/connect";
import { type Data, Type } from "apache-arrow";
import { bitAt, copyBits } from "./buffers.ts";
import { type RawVector, writeValidity } from "./memory.ts";

/** Whether a row of an Arrow column is null by its validity bitmap; unions and the null type have none. */
export function isNull(data: Data, row: number): boolean {
  return hasNulls(data) && !bitAt(data.nullBitmap, data.offset + row);
}

/** Whether a column has null rows, by its validity bitmap. */
export function hasNulls({ type, nullBitmap, nullCount }: Data): boolean {
  return type.typeId !== Type.Union && nullBitmap?.length > 0 && nullCount !== 0;
}

/** Marks the null rows among `count` from `start`. */
export function writeNulls(vector: RawVector, data: Data, start: number, count: number): void {
  if (!hasNulls(data)) return;
  const bits = new Uint8Array(Math.ceil(count / 64) * 8).fill(0xff);
  copyBits(bits, 0, data.nullBitmap, data.offset + start, count);
  writeValidity(vector, bits);
}

export function writeAllNull(vector: RawVector, count: number): void {
  writeValidity(vector, new Uint8Array(Math.ceil(count / 64) * 8));
}

/** A value, or a type, that DuckDB cannot hold as it is. */
export function misfit(column: string, what: string): ConnectError {
  return new ConnectError(`Column "${column}" ${what}.`, Code.InvalidArgument);
}
