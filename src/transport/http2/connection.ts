import type { Socket } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  errorCode,
  FrameReader,
  type FrameSink,
  flag,
  frame,
  frameType,
  Http2Error,
  headBytes,
  headerFragment,
  numberFrame,
  setting,
  settingsFrame,
  writeHead,
} from "./frames.ts";
import { HeaderDecoder } from "./hpack.ts";
import type { ReceiveBudget } from "./receive-budget.ts";
import type { Http2Stream } from "./stream.ts";
import { SocketWriter } from "./writer.ts";

// RFC 9113, 3.4.
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** RFC 9113, 6.9.2: every window begins with this many bytes. */
export const defaultWindow = 65_535;
/** RFC 9113, 6.9.1. */
export const maxWindow = 0x7fffffff;
const maxStreamId = 0x7fffffff;

// One frame of this size costs one read of its head; the default of 16 KB costs a third of the throughput.
const maxFrameBytes = 1 << 20;

/** Headers, or trailers, of one answer. Servers of Arrow put whole error texts there. */
const maxHeaderBytes = 256 * 1024;

// What may wait in the socket before streams stop adding to it: enough for one write to be under way and one ready.
const maxQueuedBytes = 1 << 20;

// A server that asks for so many answers without reading any is not one to talk to.
const maxQueuedControlBytes = 16 << 20;

// A connection on which nothing has come for so long is asked whether it still leads anywhere, when it is used again or
// a call on it is given up; and it has so long to answer. NAT and firewalls forget connections without a word.
const silentMs = 20_000;
const answerMs = 10_000;

// How long the last words may take to be sent.
const lingerMs = 1000;

export interface ConnectionEvents {
  /** The server's settings have come: it does speak HTTP/2. */
  ready(): void;
  /** It takes no more streams: those open may still end well. */
  retired(): void;
}

/**
 * The client's side of one HTTP/2 connection (RFC 9113): streams over a socket, no push, no priorities.
 *
 * Our own, since node:http2 makes an ArrayBuffer for every 64 KB that it reads, which V8 answers with a full
 * collection every 25 MB; here all is read into one piece of memory, and a small call is quicker too.
 */
export class Http2Connection implements FrameSink {
  readonly budget: ReceiveBudget;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #events: ConnectionEvents;
  readonly #reader: FrameReader = new FrameReader(this, maxFrameBytes);
  readonly #headers: HeaderDecoder = new HeaderDecoder(maxHeaderBytes);
  readonly #streams = new Map<number, Http2Stream>();
  /** Until the server allows another stream, in the order they came. */
  readonly #waiting = new Set<Http2Stream>();
  /** Until the connection's window, or the socket, has room. */
  readonly #blocked = new Set<Http2Stream>();
  #nextId = 1;
  #isReady = false;
  #isRetired = false;
  #isClosed = false;
  /** What the connection's window has let in and was not returned. */
  #received = 0;
  /** A header block whose end has not come. */
  #block: { stream: number; endsStream: boolean; parts: Buffer[]; bytes: number } | undefined;
  #goaway: Error | undefined;
  #lastReceived: number = performance.now();
  /** Runs while an answer to a ping is due. */
  #probe: NodeJS.Timeout | undefined;

  /** The largest frame to send. */
  maxSendFrame = 16_384;
  // One, until its settings tell: what is opened beyond its limit is refused.
  #maxStreams = 1;
  #initialSendWindow = defaultWindow;
  /** What may still be sent on the whole connection. */
  sendWindow: number = defaultWindow;

  constructor(socket: Socket, budget: ReceiveBudget, events: ConnectionEvents) {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    this.budget = budget;
    this.#events = events;
    socket.on("drain", () => this.#flush());
    socket.once("end", () => socket.destroy());
    socket.on("error", (cause) => this.#lost(cause));
    socket.once("close", () => this.#lost(this.#goaway ?? errorCode.noError));
    const settings = settingsFrame([
      [setting.enablePush, 0],
      [setting.maxFrameSize, maxFrameBytes],
      [setting.maxHeaderListSize, maxHeaderBytes],
    ]);
    const update = numberFrame(frameType.windowUpdate, 0, budget.connectionWindow - defaultWindow);
    this.write(Buffer.concat([preface, settings, update]));
  }

  /** Where the next bytes of the socket are going to stay, when so many of them go to one place. */
  target(bytes: number): Uint8Array | undefined {
    const id = this.#reader.dataOf(bytes);
    const target = id === undefined ? undefined : this.#streams.get(id)?.target;
    return target !== undefined && target.length >= bytes ? target.subarray(0, bytes) : undefined;
  }

  /** Bytes of the socket, whose memory is used again after the call unless it is a `target`. */
  receive(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    this.#lastReceived = performance.now();
    clearTimeout(this.#probe);
    this.#probe = undefined;
    try {
      if (!this.#isReady) checkProtocol(chunk);
      this.#reader.push(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Gives the stream an id now or, when the server has set a limit, when another one has ended. */
  open(stream: Http2Stream): void {
    this.probe();
    if (this.#streams.size + this.#waiting.size === 0) this.#socket.ref();
    if (this.#streams.size >= this.#maxStreams) this.#waiting.add(stream);
    else this.#start(stream);
  }

  /** Makes sure that the other side is still there, if it has been silent for long. */
  probe(): void {
    if (this.#isClosed || this.#probe !== undefined || performance.now() - this.#lastReceived < silentMs) return;
    this.write(frame(frameType.ping, 0, 0, Buffer.alloc(8)));
    const seconds = answerMs / 1000;
    this.#probe = setTimeout(
      () => this.fail(new Error(`the connection is dead: no answer to a ping in ${seconds} s`)),
      answerMs,
    );
    this.#probe.unref();
  }

  /** The stream is over: neither side sends on it any more. */
  leave(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
    this.#blocked.delete(stream);
    this.#startWaiting();
    if (this.#streams.size > 0 || this.#waiting.size > 0) return;
    if (this.#isRetired) this.#end();
    // A connection without calls must not keep the process alive.
    else this.#socket.unref();
  }

  /** Takes no more streams; ends with the last one. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#events.retired();
    if (this.#streams.size === 0 && this.#waiting.size === 0) this.#end();
  }

  /** Ends the connection and all its streams with an error. */
  fail(cause: unknown): void {
    if (this.#isClosed) return;
    if (cause instanceof Http2Error) this.#sendGoaway(cause.http2Code);
    this.#lost(cause);
  }

  /** Whether it takes streams. */
  get isOpen(): boolean {
    return !this.#isRetired;
  }

  /** Whether a stream had better wait before it sends more. */
  get isFull(): boolean {
    return this.#writer.queuedBytes >= maxQueuedBytes;
  }

  /** Has `stream.flush` called when there is room again. */
  block(stream: Http2Stream): void {
    this.#blocked.add(stream);
  }

  /** To the socket, at the end of this turn. */
  write(bytes: Uint8Array): void {
    this.#writer.write(bytes);
  }

  writeHeaders(stream: number, block: Buffer): void {
    let type: number = frameType.headers;
    for (let at = 0; at === 0 || at < block.length; type = frameType.continuation) {
      const end = Math.min(block.length, at + this.maxSendFrame);
      this.write(frame(type, end === block.length ? flag.endHeaders : 0, stream, block.subarray(at, end)));
      at = end;
    }
  }

  writeData(stream: number, parts: readonly Uint8Array[], bytes: number, endsStream: boolean): void {
    this.sendWindow -= bytes;
    const head = Buffer.allocUnsafe(headBytes);
    writeHead(head, bytes, frameType.data, endsStream ? flag.endStream : 0, stream);
    this.write(head);
    for (const part of parts) this.write(part);
  }

  data(id: number, bytes: Uint8Array, flowBytes: number, endsStream: boolean): void {
    this.#received += flowBytes;
    // Returned as it comes in: see ReceiveBudget.
    if (this.#received >= this.budget.connectionWindow / 4) {
      this.write(numberFrame(frameType.windowUpdate, 0, this.#received));
      this.#received = 0;
    }
    this.#stream(id)?.data(bytes, flowBytes, endsStream);
  }

  frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (!this.#isReady && type !== frameType.settings) throw protocolError("it does not begin with its settings");
    if (this.#block !== undefined && (type !== frameType.continuation || id !== this.#block.stream))
      throw protocolError("a header block is interrupted");
    switch (type) {
      case frameType.headers:
        this.#block = { stream: id, endsStream: (flags & flag.endStream) !== 0, parts: [], bytes: 0 };
        this.#header(flags, headerFragment(flags, payload));
        break;
      case frameType.continuation:
        if (this.#block === undefined) throw protocolError("a header block goes on after its end");
        this.#header(flags, payload);
        break;
      case frameType.rstStream:
        this.#stream(id)?.lost(number(payload));
        break;
      case frameType.settings:
        this.#settings(flags, payload);
        break;
      case frameType.ping:
        if (payload.length !== 8) throw frameSizeError();
        if (!(flags & flag.ack)) this.#control(frame(frameType.ping, flag.ack, 0, payload));
        break;
      case frameType.goaway:
        this.#receiveGoaway(payload);
        break;
      case frameType.windowUpdate:
        this.#windowUpdate(id, number(payload) & maxWindow);
        break;
      case frameType.pushPromise:
        throw protocolError("it pushes, which was not allowed");
    }
  }

  #header(flags: number, fragment: Buffer): void {
    const block = this.#block!;
    block.parts.push(fragment);
    block.bytes += fragment.length;
    // Undecoded it cannot be dropped, since all later blocks depend on it.
    if (block.bytes > maxHeaderBytes) throw new Http2Error(errorCode.enhanceYourCalm, tooLarge);
    if (!(flags & flag.endHeaders)) return;
    this.#block = undefined;
    const fields = this.#headers.decode(block.parts.length === 1 ? fragment : Buffer.concat(block.parts));
    const stream = this.#stream(block.stream);
    if (fields === null) stream?.refuse(tooLarge, Code.ResourceExhausted);
    else stream?.headers(fields, block.endsStream);
  }

  #settings(flags: number, payload: Buffer): void {
    if (payload.length % 6 !== 0) throw frameSizeError();
    if (flags & flag.ack) return;
    if (!this.#isReady) this.#maxStreams = Number.POSITIVE_INFINITY;
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case setting.maxConcurrentStreams:
          this.#maxStreams = value;
          break;
        case setting.maxFrameSize:
          if (value < 16_384 || value > 0xffffff) throw protocolError(`its largest frame is to be ${value} bytes`);
          // Larger ones would only keep the answer to a ping, and other streams, waiting.
          this.maxSendFrame = Math.min(value, maxQueuedBytes);
          break;
        case setting.initialWindowSize: {
          if (value > maxWindow) throw new Http2Error(errorCode.flowControlError, "its window is too large");
          // RFC 9113, 6.9.2: it holds for the open streams too.
          for (const stream of this.#streams.values()) stream.sendWindow += value - this.#initialSendWindow;
          this.#initialSendWindow = value;
        }
      }
    }
    this.#control(frame(frameType.settings, flag.ack, 0, Buffer.alloc(0)));
    if (!this.#isReady) {
      this.#isReady = true;
      this.#events.ready();
    }
    this.#startWaiting();
    for (const stream of this.#streams.values()) stream.flush();
  }

  #windowUpdate(id: number, bytes: number): void {
    if (id !== 0) {
      this.#stream(id)?.widen(bytes);
      return;
    }
    this.sendWindow += bytes;
    if (this.sendWindow > maxWindow) throw new Http2Error(errorCode.flowControlError, "its window is too large");
    this.#flush();
  }

  #receiveGoaway(payload: Buffer): void {
    if (payload.length < 8) throw frameSizeError();
    const last = payload.readUInt32BE(0) & maxStreamId;
    const code = payload.readUInt32BE(4);
    const text = payload.toString("latin1", 8, 8 + 200);
    if (code !== errorCode.noError) {
      this.#goaway = new Error(
        `the server closed the connection with HTTP/2 code ${code}${text === "" ? "" : `: ${text}`}`,
      );
    }
    this.retire();
    // RFC 9113, 6.8: it has not seen those above.
    for (const stream of [...this.#waiting, ...this.#streams.values()]) {
      if (stream.id === 0 || stream.id > last) stream.lost(this.#goaway ?? errorCode.refusedStream);
    }
  }

  #start(stream: Http2Stream): void {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#streams.set(id, stream);
    stream.start(id, this.#initialSendWindow);
    if (this.#nextId > maxStreamId) this.retire();
  }

  #startWaiting(): void {
    for (const stream of this.#waiting) {
      if (this.#isClosed || this.#streams.size >= this.#maxStreams) return;
      this.#waiting.delete(stream);
      this.#start(stream);
    }
  }

  /** Round after round: who could not send all goes to the end of the queue. */
  #flush(): void {
    for (const stream of [...this.#blocked]) {
      if (this.isFull || this.sendWindow <= 0) return;
      this.#blocked.delete(stream);
      stream.flush();
    }
  }

  /** The open stream of that id, or none when it is over; what still comes on it is of no use to anyone. */
  #stream(id: number): Http2Stream | undefined {
    if (id % 2 === 0 || id >= this.#nextId) throw protocolError(`it uses stream ${id}, which was never opened`);
    return this.#streams.get(id);
  }

  /** To the socket with what is written next, if that is soon: gRPC servers ping with every small answer. */
  #control(bytes: Buffer): void {
    if (this.#writer.queuedBytes > maxQueuedControlBytes)
      throw new Http2Error(errorCode.enhanceYourCalm, "it asks for answers and does not read them");
    this.#writer.writeLate(bytes);
  }

  #sendGoaway(code: number): void {
    this.write(frame(frameType.goaway, 0, 0, Buffer.of(0, 0, 0, 0, 0, 0, 0, code)));
  }

  /** Nothing is under way: says so, and closes once that is sent. */
  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sendGoaway(errorCode.noError);
    this.#close();
  }

  #lost(cause: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#close();
    this.retire();
    const reason =
      this.#isReady || cause instanceof Http2Error || cause instanceof ConnectError ? cause : closedEarly();
    for (const stream of [...this.#streams.values(), ...this.#waiting]) stream.lost(reason);
  }

  #close(): void {
    clearTimeout(this.#probe);
    this.#writer.flush();
    this.#socket.destroySoon();
    // It waits for the other side to take what was written, which may never be.
    this.#socket.unref();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }
}

const tooLarge = `the server's headers or trailers are larger than ${maxHeaderBytes} bytes`;

/** What answers instead of HTTP/2 is told by its first bytes: it is the commonest mistake in an address. */
function checkProtocol(chunk: Uint8Array): void {
  if (String.fromCharCode(...chunk.subarray(0, 6)) === "HTTP/1")
    throw new Http2Error(errorCode.protocolError, "it answers with HTTP/1", "NOT_HTTP2");
  // The alert or handshake record of TLS.
  if ((chunk[0] === 0x15 || chunk[0] === 0x16) && chunk[1] === 0x03)
    throw new Http2Error(errorCode.protocolError, "it answers with a TLS record", "NOT_PLAINTEXT");
}

/** What a connection fails of that ends before it began. */
export function closedEarly(): Http2Error {
  return new Http2Error(errorCode.noError, "closed early", "CLOSED_EARLY");
}

function number(payload: Buffer): number {
  if (payload.length !== 4) throw frameSizeError();
  return payload.readUInt32BE(0);
}

function frameSizeError(): Http2Error {
  return new Http2Error(errorCode.frameSizeError, "a frame of a length that its type cannot have");
}

function protocolError(message: string): Http2Error {
  return new Http2Error(errorCode.protocolError, message);
}
