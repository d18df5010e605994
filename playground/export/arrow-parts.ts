import { encapsulate } from "../../src/arrow/encapsulated.ts";
import { BatchEncoder, type EncodedMessage } from "../../src/arrow/encode.ts";
import type { Batches } from "../batches.ts";
import type { Pause } from "../result/turns.ts";

/** Behind the last message of a stream. https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** A result as an Arrow IPC stream, in parts that are views of the batches' own memory until a Blob takes them. */
export async function arrowParts(batches: Batches, pause: Pause): Promise<Blob[]> {
  const encoder = new BatchEncoder(batches.schema);
  const parts = [blobOf(encoder.schema())];
  for (const batch of batches.list) {
    for (const message of encoder.batch(batch)) parts.push(blobOf(message));
    await pause();
  }
  parts.push(new Blob([END]));
  return parts;
}

function blobOf({ header, parts }: EncodedMessage): Blob {
  // Memory that is shared with a Worker is none that a Blob takes; the page's batches are not.
  return new Blob([encapsulate(header), ...(parts as readonly Uint8Array<ArrayBuffer>[])]);
}
