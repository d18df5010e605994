import type { Inflate, LoadCodec } from "./decode.ts";
import { codecName } from "./decode.ts";
import type { IpcMessage } from "./encode.ts";
import { FlatTable } from "./flatbuffer.ts";
import { inflateBuffers } from "./inflate.ts";
import { type BatchLayout, batchTable, readLayout } from "./message.ts";

/**
 * Rewrites messages with compressed bodies into the same messages without compression, for readers that have no
 * codecs. Other messages pass as they are.
 *
 * @param maxBatchBytes the most that one body may inflate to. Default 2 GiB
 */
export function decompressor(
  loadCodec: LoadCodec,
  maxBatchBytes: number = 2 ** 31,
): (message: IpcMessage) => Promise<IpcMessage> {
  const inflaters = new Map<number, Inflate>();
  const spend = (bytes: number): void => {
    if (bytes > maxBatchBytes) throw new RangeError(`the batch unpacks to more than ${maxBatchBytes} bytes`);
  };
  return async (message) => {
    const table = batchTable(message.header);
    const layout = table && readLayout(table);
    if (layout === null || layout.codec === null) return message;
    const inflate = inflaters.get(layout.codec) ?? (await loadCodec(codecName(layout.codec)));
    inflaters.set(layout.codec, inflate);
    const body = message.body.byteOffset % 8 === 0 ? message.body : new Uint8Array(message.body);
    return plainMessage(message.header, layout, await inflateBuffers(layout, body, inflate, spend));
  };
}

/** The message of a batch with plain buffers: only the numbers that say where they are change, so those are patched. */
function plainMessage(header: Uint8Array, layout: BatchLayout, buffers: readonly Uint8Array[]): IpcMessage {
  const length = buffers.reduce((sum, buffer) => sum + padded(buffer.byteLength), 0);
  const body = new Uint8Array(length);
  const offsets: number[] = [];
  let at = 0;
  for (const buffer of buffers) {
    body.set(buffer, at);
    offsets.push(at);
    at += padded(buffer.byteLength);
  }
  const size = padded(header.byteLength);
  // The batch gets a vtable of its own behind the message, without an entry for the compression: the one it has may be
  // shared with other tables.
  const vtable = batchTable(header)!.vtable().slice();
  if (vtable.byteLength >= compressionEntry + 2) vtable.fill(0, compressionEntry, compressionEntry + 2);
  const out = new Uint8Array(size + padded(vtable.byteLength));
  out.set(header);
  out.set(vtable, size);

  const message = FlatTable.root(out);
  const batch = batchTable(out)!;
  const { view } = message;
  const lengthAt = message.at(3);
  if (lengthAt !== 0) view.setBigInt64(lengthAt, BigInt(length), true);
  const { start } = batch.vector(2, 16);
  for (const i of layout.buffers.keys()) {
    view.setBigInt64(start + i * 16, BigInt(offsets[i]!), true);
    view.setBigInt64(start + i * 16 + 8, BigInt(buffers[i]!.byteLength), true);
  }
  view.setInt32(batch.position, batch.position - size, true);
  return { header: out, body };
}

// A vtable begins with two sizes; compression is RecordBatch's slot 3.
const compressionEntry = 4 + 2 * 3;

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
