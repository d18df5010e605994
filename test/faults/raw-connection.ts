import type { Socket } from "node:net";
import { HpackDecoder } from "./hpack.ts";
import { RawStream } from "./raw-stream.ts";
import { type Frame, FrameReader, flag, frame, frames, preface, setting, settingsFrame, word } from "./wire.ts";

/** How a connection behaves as long as nobody tells it otherwise. */
export interface Manners {
  /** The server's SETTINGS; null: it never sends any. */
  readonly settings: Readonly<Record<number, number>> | null;
  /** Whether it acknowledges SETTINGS and PING, and returns the window of what it takes. */
  readonly acknowledges: boolean;
}

export interface ConnectionEvents {
  stream(stream: RawStream): void;
  close(connection: RawConnection): void;
}

/** The server's side of one HTTP/2 connection. */
export class RawConnection {
  readonly socket: Socket;
  /** Streams that are neither answered nor reset. */
  readonly streams = new Map<number, RawStream>();
  /** The client's SETTINGS. */
  readonly settings = new Map<number, number>();
  /** Frames that the client sent, other than DATA. */
  readonly seen: Frame[] = [];
  /** The most streams that were open at once. */
  busiest = 0;
  window = 65_535;
  #prefaceLeft = preface.length;
  #block: Buffer = Buffer.alloc(0);
  #blockEnds = false;
  #waiting: (() => void)[] = [];
  readonly #reader = new FrameReader();
  readonly #hpack = new HpackDecoder();
  readonly #manners: Manners;
  readonly #events: ConnectionEvents;

  constructor(socket: Socket, manners: Manners, events: ConnectionEvents) {
    this.socket = socket;
    this.#manners = manners;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk) => this.#take(chunk));
    socket.once("close", () => this.#closed());
    if (manners.settings !== null) this.send(settingsFrame(manners.settings));
  }

  get openStreams(): number {
    return [...this.streams.values()].filter((stream) => !stream.isOver).length;
  }

  send(...bytes: Uint8Array[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(bytes));
  }

  goaway(lastStream: number, code = 0, text = ""): void {
    this.send(frame(frames.goaway, 0, 0, Buffer.concat([word(lastStream, code), Buffer.from(text)])));
  }

  ping(): void {
    this.send(frame(frames.ping, 0, 0, Buffer.from("8 bytes!")));
  }

  /** Ends it in order: what was sent arrives, then the end. */
  end(): void {
    this.socket.end();
  }

  /** Ends it by a TCP reset: what was sent may be lost. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** When a window has grown, or the connection has gone. */
  roomChanged(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async flushed(): Promise<void> {
    if (!this.socket.writableNeedDrain || this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off("drain", done).off("close", done);
        resolve();
      };
      this.socket.on("drain", done).on("close", done);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #closed(): void {
    for (const stream of this.streams.values()) stream.leave();
    this.#wake();
    this.#events.close(this);
  }

  #take(chunk: Buffer): void {
    const skip = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skip;
    for (const one of this.#reader.push(chunk.subarray(skip))) this.#frame(one);
  }

  #frame(one: Frame): void {
    const { type, flags, payload } = one;
    if (type !== frames.data) this.seen.push(one);
    const stream = this.streams.get(one.stream);
    switch (type) {
      case frames.settings:
        if ((flags & flag.ack) === 0) this.#settings(payload);
        break;
      case frames.ping:
        if ((flags & flag.ack) === 0 && this.#manners.acknowledges) this.send(frame(frames.ping, flag.ack, 0, payload));
        break;
      case frames.windowUpdate:
        if (one.stream === 0) this.window += payload.readUInt32BE(0);
        else if (stream !== undefined) stream.window += payload.readUInt32BE(0);
        this.#wake();
        break;
      case frames.reset:
        stream?.leave(payload.readUInt32BE(0));
        this.#wake();
        break;
      case frames.headers:
        this.#blockEnds = (flags & flag.endStream) !== 0;
        this.#header(one.stream, flags, unpadded(one));
        break;
      case frames.continuation:
        this.#header(one.stream, flags, payload);
        break;
      case frames.data:
        stream?.take(unpadded(one), (flags & flag.endStream) !== 0);
        if (payload.length > 0 && this.#manners.acknowledges) {
          const back = word(payload.length);
          this.send(frame(frames.windowUpdate, 0, 0, back), frame(frames.windowUpdate, 0, one.stream, back));
        }
        break;
    }
  }

  #header(id: number, flags: number, part: Buffer): void {
    this.#block = Buffer.concat([this.#block, part]);
    if ((flags & flag.endHeaders) === 0) return;
    const fields = this.#hpack.decode(this.#block);
    this.#block = Buffer.alloc(0);
    const stream = new RawStream(this, id, fields, this.settings.get(setting.initialWindowSize) ?? 65_535);
    for (const [known, one] of this.streams) if (one.isOver) this.streams.delete(known);
    this.streams.set(id, stream);
    this.busiest = Math.max(this.busiest, this.openStreams);
    if (this.#blockEnds) stream.take(new Uint8Array(0), true);
    this.#events.stream(stream);
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at < payload.length; at += 6) {
      const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
      if (id === setting.initialWindowSize) {
        const change = value - (this.settings.get(id) ?? 65_535);
        for (const stream of this.streams.values()) stream.window += change;
      }
      this.settings.set(id, value);
    }
    if (this.#manners.acknowledges) this.send(frame(frames.settings, flag.ack, 0, new Uint8Array(0)));
    this.#wake();
  }
}

function unpadded({ flags, payload }: Frame): Buffer {
  const isPadded = (flags & flag.padded) !== 0;
  const start = (isPadded ? 1 : 0) + ((flags & flag.priority) !== 0 ? 5 : 0);
  return payload.subarray(start, payload.length - (isPadded ? payload[0]! : 0));
}
