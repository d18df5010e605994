/** RFC 9113, 6. */
export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const setting = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** RFC 9113, 7: those that we send, or that mean something of their own. */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  flowControlError: 3,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

/** The other side broke HTTP/2, or never spoke it; the connection ends with this code. */
export class Http2Error extends Error {
  readonly http2Code: number;
  readonly code: "HTTP2_BROKEN" | "NOT_HTTP2" | "NOT_PLAINTEXT" | "CLOSED_EARLY";

  constructor(http2Code: number, message: string, code: Http2Error["code"] = "HTTP2_BROKEN") {
    super(message);
    this.http2Code = http2Code;
    this.code = code;
  }
}

export const headBytes = 9;

/** Writes a frame's head at the start of `out`. */
export function writeHead(out: Buffer, length: number, type: number, flags: number, stream: number): void {
  out.writeUIntBE(length, 0, 3);
  out[3] = type;
  out[4] = flags;
  out.writeUInt32BE(stream, 5);
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(headBytes + payload.length);
  writeHead(out, payload.length, type, flags, stream);
  out.set(payload, headBytes);
  return out;
}

/** A frame whose payload is one 32-bit number: WINDOW_UPDATE, RST_STREAM. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const out = Buffer.allocUnsafe(headBytes + 4);
  writeHead(out, 4, type, 0, stream);
  out.writeUInt32BE(value, headBytes);
  return out;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

export interface FrameSink {
  /**
   * A part of a DATA frame. The bytes are valid during the call only.
   *
   * @param flowBytes what this part counts against the windows: its bytes and their padding
   * @param endsStream whether nothing more comes on the stream
   */
  data(stream: number, bytes: Uint8Array, flowBytes: number, endsStream: boolean): void;
  /** Any other frame, whole. The payload is valid during the call only. */
  frame(type: number, flags: number, stream: number, payload: Buffer): void;
}

/**
 * Cuts a connection's bytes into frames.
 *
 * DATA is passed on as it comes, in the very memory that it was read into: it makes up nearly all of a connection, and
 * is copied where it is to stay and nowhere before, if it was not read to that place.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  readonly #head: Buffer = Buffer.alloc(headBytes);
  #headFilled = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Of the payload, still to come. */
  #left = 0;
  /** Of the payload's end. Undefined while the padding's length is still to come. */
  #padding: number | undefined = 0;
  #payload: Buffer = Buffer.alloc(0);
  #payloadFilled = 0;

  constructor(sink: FrameSink, maxFrameBytes: number) {
    this.#sink = sink;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The stream that at least the next so many bytes are data of. */
  dataOf(bytes: number): number | undefined {
    const isData = this.#headFilled === headBytes && this.#type === frameType.data && this.#padding === 0;
    return isData && this.#left >= bytes ? this.#stream : undefined;
  }

  /** @throws Http2Error what the sink throws, or for a frame that cannot be */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headFilled < headBytes) {
        const end = Math.min(chunk.length, at + headBytes - this.#headFilled);
        this.#head.set(chunk.subarray(at, end), this.#headFilled);
        this.#headFilled += end - at;
        at = end;
        if (this.#headFilled === headBytes) this.#begin();
      } else {
        const end = Math.min(chunk.length, at + this.#left);
        this.#take(chunk.subarray(at, end));
        at = end;
      }
    }
  }

  #begin(): void {
    const head = this.#head;
    const length = head.readUIntBE(0, 3);
    this.#type = head[3] as number;
    this.#flags = head[4] as number;
    this.#stream = head.readUInt32BE(5) & 0x7fffffff;
    if (length > this.#maxFrameBytes) {
      throw new Http2Error(errorCode.frameSizeError, `a frame of ${length} bytes is larger than the settings allow`);
    }
    this.#left = length;
    if (this.#type === frameType.data) {
      this.#padding = this.#flags & flag.padded ? undefined : 0;
      if (this.#padding === undefined && length === 0) throw badPadding();
    } else {
      this.#payload = Buffer.allocUnsafe(length);
      this.#payloadFilled = 0;
    }
    if (length === 0) this.#take(this.#payload.subarray(0, 0));
  }

  #take(part: Uint8Array): void {
    this.#left -= part.length;
    if (this.#left === 0) this.#headFilled = 0;
    if (this.#type === frameType.data) this.#takeData(part);
    else {
      this.#payload.set(part, this.#payloadFilled);
      this.#payloadFilled += part.length;
      if (this.#left === 0) this.#sink.frame(this.#type, this.#flags, this.#stream, this.#payload);
    }
  }

  #takeData(part: Uint8Array): void {
    let bytes = part;
    if (this.#padding === undefined) {
      this.#padding = bytes[0] as number;
      bytes = bytes.subarray(1);
      if (this.#padding > this.#left + bytes.length) throw badPadding();
    }
    // How much of this part lies in the padding, the last bytes of the frame.
    const padded = Math.min(bytes.length, Math.max(0, this.#padding - this.#left));
    const endsStream = this.#left === 0 && (this.#flags & flag.endStream) !== 0;
    this.#sink.data(this.#stream, bytes.subarray(0, bytes.length - padded), part.length, endsStream);
  }
}

/** The payload of HEADERS without padding and priority. */
export function headerFragment(flags: number, payload: Buffer): Buffer {
  const padding = flags & flag.padded ? (payload[0] ?? 256) : 0;
  const start = (flags & flag.padded ? 1 : 0) + (flags & flag.priority ? 5 : 0);
  if (start + padding > payload.length) throw badPadding();
  return payload.subarray(start, payload.length - padding);
}

function badPadding(): Http2Error {
  return new Http2Error(errorCode.protocolError, "a frame's padding is longer than the frame");
}
