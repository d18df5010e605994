import type { Inflate } from "./decode.ts";
import type { BatchLayout } from "./message.ts";
import type { Spend } from "./take.ts";

// So much takes some ten milliseconds, the longest that a page should not answer.
const bytesBetweenTurns = 4 * 1024 * 1024;

interface Packed {
  readonly bytes: Uint8Array;
  /** -1 when the bytes are stored as they are. */
  readonly size: number;
}

/**
 * The buffers of a compressed body (Message.fbs, BodyCompressionMethod.BUFFER): each is
 * `[i64 uncompressed length, -1 = stored] [bytes]`, or nothing at all.
 *
 * @returns a promise when it is much, so that timers and input get their turn in between
 */
export function inflateBuffers(
  layout: BatchLayout,
  body: Uint8Array,
  inflate: Inflate,
  spend: Spend,
): Uint8Array[] | Promise<Uint8Array[]> {
  // All of the claims before the first of them is allocated.
  const packed = layout.buffers.map(({ offset, length }, i) => unpack(body, offset, length, i));
  const total = packed.reduce((sum, { size }) => sum + Math.max(0, size), 0);
  spend(total);
  if (total > bytesBetweenTurns) return inflateInTurns(packed, inflate);
  return packed.map((buffer, i) => inflateOne(buffer, i, inflate));
}

async function inflateInTurns(packed: readonly Packed[], inflate: Inflate): Promise<Uint8Array[]> {
  const out: Uint8Array[] = [];
  let sinceTurn = 0;
  for (const [i, buffer] of packed.entries()) {
    if (sinceTurn > bytesBetweenTurns) {
      await new Promise((resolve) => setTimeout(resolve));
      sinceTurn = 0;
    }
    out.push(inflateOne(buffer, i, inflate));
    sinceTurn += buffer.size;
  }
  return out;
}

function unpack(body: Uint8Array, offset: number, length: number, i: number): Packed {
  if (offset + length > body.byteLength) throw new RangeError(`compressed buffer ${i} reaches beyond its batch`);
  if (length === 0) return { bytes: body.subarray(0, 0), size: -1 };
  if (length < 8) throw new RangeError(`compressed buffer ${i} has ${length} bytes and needs 8 for its length`);
  const view = new DataView(body.buffer, body.byteOffset + offset, 8);
  const size = view.getInt32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (size < -1) throw new RangeError(`compressed buffer ${i} claims ${size} bytes`);
  return { bytes: body.subarray(offset + 8, offset + length), size };
}

function inflateOne({ bytes, size }: Packed, i: number, inflate: Inflate): Uint8Array {
  if (size === -1) return bytes;
  if (size === 0) return bytes.subarray(0, 0);
  let out: Uint8Array;
  try {
    out = inflate(bytes, size);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(`compressed buffer ${i} cannot be inflated: ${text}`, { cause });
  }
  if (out.byteLength !== size)
    throw new RangeError(`compressed buffer ${i} holds ${out.byteLength} bytes and claims ${size}`);
  return out;
}
