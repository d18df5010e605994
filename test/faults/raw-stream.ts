import { goodMessages } from "./answers.ts";
import { encodeFields, type Fields } from "./hpack.ts";
import type { RawConnection } from "./raw-connection.ts";
import type { Stage } from "./stages.ts";
import { envelope, flag, frame, frames, takeEnvelopes, word } from "./wire.ts";

export interface AnswerOptions {
  /** Default: what a good server says to the request. */
  readonly messages?: readonly Uint8Array[];
  readonly header?: Fields;
  readonly trailer?: Fields;
  /** What happens, and where. The answer ends there, unless it comes back with `"go on"`. */
  readonly fault?: { readonly stage: Stage; readonly act: (stream: RawStream) => unknown } | undefined;
}

const okHeader: Fields = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const okTrailer: Fields = [["grpc-status", "0"]];

/** One call as the server sees it, and the frames to answer it with. */
export class RawStream {
  readonly connection: RawConnection;
  readonly id: number;
  /** `DoGet` and so on. */
  readonly method: string;
  readonly header: ReadonlyMap<string, string>;
  /** Complete messages of the request so far. */
  readonly request: Uint8Array[] = [];
  /** When the client has sent all. */
  readonly requestEnd: Promise<void>;
  /** When the client has reset the stream, or the connection is gone. */
  readonly gone: Promise<void>;
  /** With which code the client reset it. */
  resetCode: number | undefined;
  isGone = false;
  isOver = false;
  window: number;
  #partial: Buffer = Buffer.alloc(0);
  #onEnd: () => void = () => {};
  #onGone: () => void = () => {};

  constructor(connection: RawConnection, id: number, header: ReadonlyMap<string, string>, window: number) {
    this.connection = connection;
    this.id = id;
    this.header = header;
    this.method = (header.get(":path") ?? "").split("/").at(-1) ?? "";
    this.window = window;
    this.requestEnd = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    this.gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
  }

  headers(fields: Fields = okHeader, flags: number = 0): void {
    if ((flags & flag.endStream) !== 0) this.isOver = true;
    this.connection.send(frame(frames.headers, flag.endHeaders | flags, this.id, encodeFields(fields)));
  }

  trailers(fields: Fields = okTrailer): void {
    this.headers(fields, flag.endStream);
  }

  /** Trailers-only: a status and nothing else. */
  refuse(status: number, message: string, ...more: Fields): void {
    this.trailers([...okHeader, ["grpc-status", String(status)], ["grpc-message", message], ...more]);
  }

  /** DATA within the windows that the client gave: in frames of 16 KB if not told otherwise, each when there is room. */
  async data(bytes: Uint8Array, frameBytes: number = 16_384): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const room = Math.min(frameBytes, this.window, this.connection.window, bytes.byteLength - at);
      if (this.isGone) return;
      if (room <= 0) {
        await this.connection.roomChanged();
        continue;
      }
      this.window -= room;
      this.connection.window -= room;
      this.rawData(bytes.subarray(at, at + room));
      at += room;
      // A client that does not read its socket is not written to without end.
      await this.connection.flushed();
    }
  }

  /** A DATA frame, whatever the windows say. */
  rawData(bytes: Uint8Array, flags: number = 0): void {
    this.connection.send(frame(frames.data, flags, this.id, bytes));
  }

  reset(code: number): void {
    this.isOver = true;
    this.connection.send(frame(frames.reset, 0, this.id, word(code)));
  }

  /** A whole answer, or one up to its fault. */
  async answer({ messages, header = [], trailer = okTrailer, fault }: AnswerOptions = {}): Promise<void> {
    if (this.method !== "DoExchange") await this.requestEnd;
    const list = messages ?? goodMessages(this.method, this.request);
    /** Whether the answer is over. */
    const at = async (stage: Stage): Promise<boolean> => fault?.stage === stage && (await fault.act(this)) !== "go on";
    if (await at("before headers")) return;
    this.headers([...okHeader, ...header]);
    if (await at("after headers")) return;
    for (const [i, message] of list.entries()) {
      const bytes = envelope(message);
      // The last message: its begin has come, its end never does.
      if (i === list.length - 1 && fault?.stage === "within a message") {
        const half = bytes.length >> 1;
        await this.data(bytes.subarray(0, half));
        if (await at("within a message")) return;
        await this.data(bytes.subarray(half));
      } else await this.data(bytes);
      if (i === list.length - 2 && (await at("between messages"))) return;
    }
    if (await at("before trailers")) return;
    this.trailers(trailer);
  }

  /** @internal */
  take(bytes: Uint8Array, isEnd: boolean): void {
    const { messages, rest } = takeEnvelopes(Buffer.concat([this.#partial, bytes]));
    this.#partial = rest;
    this.request.push(...messages);
    if (isEnd) this.#onEnd();
  }

  /** @internal */
  leave(code?: number): void {
    this.resetCode ??= code;
    this.isGone = true;
    this.isOver = true;
    this.#onGone();
  }
}
