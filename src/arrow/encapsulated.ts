import type { Schema } from "apache-arrow";
import { readMessage } from "./message.ts";

/**
 * An encapsulated schema message, as `FlightInfo.schema`, `SchemaResult.schema` and `table_schema` cells carry it.
 *
 * Takes the shapes in the wild: with and without the 0xFFFFFFFF marker, with an end-of-stream marker behind it, and
 * the bare message that old Rust servers sent. Empty bytes mean that the server did not say: null.
 */
export function readSchema(bytes: Uint8Array): Schema | null {
  if (bytes.byteLength === 0) return null;
  const message = readMessage(unwrapMessage(bytes));
  if (message.kind !== "schema") throw new TypeError("the bytes hold no Arrow schema");
  return message.schema.schema;
}

function unwrapMessage(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8) throw new RangeError(`a schema of ${bytes.byteLength} bytes is too short`);
  const isMarked = view.getUint32(0, true) === 0xffffffff;
  const start = isMarked ? 8 : 4;
  const length = view.getUint32(start - 4, true);
  const behind = bytes.byteLength - start - length;
  // A bare message begins with the offset of its root table, which stands far from its end; behind a message with its
  // length before it there is an end marker at most.
  return behind >= 0 && (isMarked || behind <= 8) ? bytes.subarray(start, start + length) : bytes;
}

/** `[0xFFFFFFFF] [i32 length] [header] [zeros to a multiple of 8]`: what stands before a body in an IPC stream. */
export function encapsulate(header: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = (header.byteLength + 7) & ~7;
  const out = new Uint8Array(8 + length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0xffffffff, true);
  view.setInt32(4, length, true);
  out.set(header, 8);
  return out;
}
