import { Code, ConnectError } from "@connectrpc/connect";
import type { ChunkSink, HttpRequest, HttpResponse, ResponseBody } from "../http.ts";
import { defaultWindow, type Http2Connection, maxWindow } from "./connection.ts";
import { callError } from "./errors.ts";
import { errorCode, frameType, Http2Error, numberFrame } from "./frames.ts";
import type { HeaderField } from "./hpack.ts";

/** One request and its response. */
export class Http2Stream implements ResponseBody {
  readonly response: Promise<HttpResponse>;
  /** 0 until the connection has room for it. */
  id = 0;
  /** What may still be sent on it. */
  sendWindow = 0;

  readonly #connection: Http2Connection;
  readonly #baseUrl: string;
  readonly #block: Buffer;
  readonly #signal: AbortSignal;
  readonly #trailer: Headers = new Headers();

  /** Of the request: what the connection has not taken, whether that is all, and who waits for it. */
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isComplete = false;
  #hasSentAll = false;
  #onRoom: (() => void) | undefined;

  /** What the server may still send, and what it has sent that nobody has read. */
  #window: number = defaultWindow;
  #unread = 0;
  readonly #chunks: Uint8Array[] = [];
  #hasAnswer = false;
  #hasEnded = false;
  #isOver = false;
  #isCounted = true;
  #failure: unknown;
  #sink: ChunkSink | undefined;
  #settle: { resolve: (more: boolean) => void; reject: (reason: unknown) => void } | undefined;
  #answer!: { resolve: (response: HttpResponse) => void; reject: (reason: unknown) => void };

  constructor(
    connection: Http2Connection,
    block: Buffer,
    { body, signal }: Pick<HttpRequest, "body" | "signal">,
    baseUrl: string,
  ) {
    this.#connection = connection;
    this.#baseUrl = baseUrl;
    this.#block = block;
    this.#signal = signal;
    this.response = new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });
    connection.budget.opened();
    signal.addEventListener("abort", this.#abort, { once: true });
    if (Array.isArray(body)) {
      for (const chunk of body as readonly Uint8Array[]) this.#enqueue(chunk);
      this.#isComplete = true;
    } else void this.#send(body as AsyncIterable<Uint8Array>);
    connection.open(this);
  }

  /** The connection has room: sends what there is. */
  start(id: number, sendWindow: number): void {
    this.id = id;
    this.sendWindow = sendWindow;
    this.#connection.writeHeaders(id, this.#block);
    this.#grant();
    this.flush();
  }

  /** Sends what the windows and the socket allow. */
  flush(): void {
    if (this.id === 0 || this.#isOver || this.#hasSentAll) return;
    const connection = this.#connection;
    while (this.#queuedBytes > 0 || (this.#isComplete && !this.#hasSentAll)) {
      const bytes = Math.min(this.#queuedBytes, this.sendWindow, connection.sendWindow, connection.maxSendFrame);
      if (connection.isFull || (bytes <= 0 && this.#queuedBytes > 0)) {
        connection.block(this);
        return;
      }
      this.sendWindow -= bytes;
      this.#hasSentAll = this.#isComplete && bytes === this.#queuedBytes;
      connection.writeData(this.id, this.#dequeue(bytes), bytes, this.#hasSentAll);
    }
    if (this.#hasSentAll && this.#hasEnded) this.#leave();
    else if (!this.#hasSentAll && connection.isFull) connection.block(this);
    else this.#wake();
  }

  #enqueue(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
  }

  /** The next bytes to send, as they lie in the chunks: a frame may hold a message's head and its body. */
  #dequeue(bytes: number): Uint8Array[] {
    this.#queuedBytes -= bytes;
    const parts: Uint8Array[] = [];
    for (let left = bytes; left > 0; ) {
      const chunk = this.#queue[0] as Uint8Array;
      if (chunk.length <= left) {
        this.#queue.shift();
        parts.push(chunk);
      } else {
        this.#queue[0] = chunk.subarray(left);
        parts.push(chunk.subarray(0, left));
      }
      left -= Math.min(left, chunk.length);
    }
    return parts;
  }

  /** The server takes more. */
  widen(bytes: number): void {
    this.sendWindow += bytes;
    if (this.sendWindow > maxWindow) throw new Http2Error(errorCode.flowControlError, "its window is too large");
    this.flush();
  }

  headers(fields: readonly HeaderField[], endsStream: boolean): void {
    const status = this.#hasAnswer ? undefined : Number(fields.find(([name]) => name === ":status")?.[1]);
    // An interim answer (RFC 9110, 15.2) says nothing to a gRPC client.
    if (status !== undefined && status >= 100 && status < 200 && !endsStream) return;
    if (status === undefined) {
      if (!endsStream) {
        this.refuse("headers in the middle of it");
        return;
      }
      addTo(this.#trailer, fields);
    } else {
      if (!Number.isInteger(status)) {
        this.refuse("it has no HTTP status");
        return;
      }
      this.#hasAnswer = true;
      const header = addTo(new Headers(), fields);
      this.#answer.resolve({ status, header, body: this, trailer: this.#trailer });
    }
    if (endsStream) this.#end();
  }

  /** Where the next bytes of the answer are going to stay, while somebody reads. */
  get target(): Uint8Array | undefined {
    return this.#sink?.target;
  }

  data(bytes: Uint8Array, flowBytes: number, endsStream: boolean): void {
    if (flowBytes > this.#window)
      throw new Http2Error(errorCode.flowControlError, "it sends more than its window allows");
    this.#window -= flowBytes;
    if (!this.#hasAnswer) {
      this.refuse("data before its headers");
      return;
    }
    if (bytes.length > 0) {
      if (this.#sink === undefined) {
        // The connection's memory is read into again: what waits needs its own.
        this.#chunks.push(new Uint8Array(bytes));
        this.#unread += bytes.length;
      } else if (!this.#sink.take(bytes)) this.#pause();
    }
    if (endsStream) this.#end();
    else this.#grant();
  }

  /** It has ended: with the HTTP/2 code of a reset, or with what ended its connection. */
  lost(reason: unknown): void {
    this.#leave();
    if (!this.#hasEnded) this.#fail(callError(reason, this.#baseUrl));
  }

  /** What the server sent cannot be taken. */
  refuse(why: string, code: Code = Code.Internal): void {
    this.#fail(new ConnectError(`the answer of ${this.#baseUrl} cannot be taken: ${why}`, code));
    this.cancel();
  }

  read(sink: ChunkSink): Promise<boolean> {
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks.shift() as Uint8Array;
      this.#unread -= chunk.length;
      if (sink.take(chunk)) continue;
      this.#grant();
      return Promise.resolve(true);
    }
    if (this.#failure !== undefined || this.#hasEnded) this.#drop();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#hasEnded) return Promise.resolve(false);
    this.#sink = sink;
    this.#grant();
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  cancel(): void {
    this.#drop();
    if (this.#isOver) return;
    this.#connection.probe();
    this.#reset();
  }

  async #send(body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) {
        // The server may answer before it has read all: its status counts, not our failing to send on.
        if (this.#isOver) return;
        this.#enqueue(chunk);
        const room = new Promise<void>((resolve) => {
          this.#onRoom = resolve;
        });
        this.flush();
        await room;
      }
      this.#isComplete = true;
      this.flush();
    } catch (cause) {
      this.#fail(cause);
      this.cancel();
    }
  }

  readonly #abort = (): void => {
    this.#fail(ConnectError.from(this.#signal.reason, Code.Canceled));
    this.cancel();
  };

  #end(): void {
    this.#hasEnded = true;
    if (this.#chunks.length === 0) this.#drop();
    if (this.#sink !== undefined) {
      this.#sink = undefined;
      this.#settle?.resolve(false);
    }
    // The server is done: what it has not read of the request it never will.
    if (this.#hasSentAll) this.#leave();
    else this.#reset();
  }

  #pause(): void {
    this.#sink = undefined;
    this.#settle?.resolve(true);
  }

  /** Lets the server send on, up to this stream's share of the budget; in steps, so that not every frame is answered. */
  #grant(): void {
    if (this.#isOver || this.#hasEnded || this.id === 0) return;
    const share = this.#connection.budget.window;
    const grant = share - this.#window - this.#unread;
    if (grant < share / 4) return;
    this.#window += grant;
    this.#connection.write(numberFrame(frameType.windowUpdate, this.id, grant));
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#sink = undefined;
    if (!this.#hasAnswer) this.#answer.reject(reason);
    this.#settle?.reject(reason);
    if (this.#chunks.length === 0) this.#drop();
  }

  /** Tells the server that neither side goes on. */
  #reset(): void {
    if (this.#isOver) return;
    if (this.id !== 0) this.#connection.write(numberFrame(frameType.rstStream, this.id, errorCode.cancel));
    this.#leave();
  }

  /** Nothing more goes either way. */
  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wake();
    this.#connection.leave(this);
  }

  /** Holds nothing unread from here on, and has nothing left to abort. */
  #drop(): void {
    this.#chunks.length = 0;
    this.#unread = 0;
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.#signal.removeEventListener("abort", this.#abort);
    this.#connection.budget.closed();
  }

  #wake(): void {
    const wake = this.#onRoom;
    this.#onRoom = undefined;
    wake?.();
  }
}

function addTo(headers: Headers, fields: readonly HeaderField[]): Headers {
  for (const [name, value] of fields) {
    if (name.startsWith(":")) continue;
    try {
      headers.append(name, value);
    } catch {
      // A name or value that HTTP does not allow: the others still tell how the call ended.
    }
  }
  return headers;
}
