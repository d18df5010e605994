// HTTP/2 frames (RFC 9113, 4.1), written as they are asked for: whether they make sense is the test's business.

export const frames = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** RFC 9113, 7: the names of the error codes 0 to 13. */
export const resetNames = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** @param claim the length to write into the head, when it is not to be the payload's */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array, claim?: number): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(claim ?? payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function settingsFrame(values: Readonly<Record<number, number>>): Buffer {
  const payload = Object.entries(values).map(([id, value]) => {
    const one = Buffer.alloc(6);
    one.writeUInt16BE(Number(id));
    one.writeUInt32BE(value, 2);
    return one;
  });
  return frame(frames.settings, 0, 0, Buffer.concat(payload));
}

export function word(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    out.writeUInt32BE(value, i * 4);
  });
  return out;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const out: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= 9) {
      const length = this.#rest.readUIntBE(at, 3);
      if (this.#rest.length - at < 9 + length) break;
      out.push({
        type: this.#rest[at + 3]!,
        flags: this.#rest[at + 4]!,
        stream: this.#rest.readUInt32BE(at + 5) & 0x7fffffff,
        payload: this.#rest.subarray(at + 9, at + 9 + length),
      });
      at += 9 + length;
    }
    this.#rest = this.#rest.subarray(at);
    return out;
  }
}

/** `[flags] [length] [message]`: PROTOCOL-HTTP2, Length-Prefixed-Message. */
export function envelope(message: Uint8Array, flags = 0, claim = message.byteLength): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(claim, 1);
  return Buffer.concat([head, message]);
}

/** Takes the complete messages off the front of what came so far. */
export function takeEnvelopes(bytes: Buffer): { messages: Buffer[]; rest: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 5 && bytes.length - at - 5 >= bytes.readUInt32BE(at + 1)) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}
