import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { connect as connectSocket } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HttpClient, HttpRequest, HttpResponse, ResponseBody } from "./http.ts";
import { callError, connectError } from "./node-errors.ts";
import type { ReceiveBudget } from "./node-windows.ts";
import type { TlsOptions } from "./tls.ts";
import { type ClosableTransport, createTransport, type TransportOptions } from "./transport.ts";

export interface NodeTransportOptions extends TransportOptions {
  /** Path of a Unix domain socket to connect to; `baseUrl` then only names the authority. */
  readonly socketPath?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  /** Limit for connecting, TLS and HTTP/2 handshakes included, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Shared by the transports of a client. */
  readonly budget: ReceiveBudget;
}

/** Native gRPC over HTTP/2: one connection, opened with the first call and again when it has gone. */
export function createNodeTransport(options: NodeTransportOptions): ClosableTransport {
  return createTransport(new Http2Client(options), options);
}

// One frame of this size costs one read of its header; the default of 16 KB costs a third of the throughput.
const maxFrameSize = 1 << 20;

// node:http2 counts what its streams hold against this number of megabytes and refuses new streams beyond it (its
// default is 10). ReceiveBudget bounds it for us, so node's own limit only has to be out of the way.
const maxSessionMemory = 1024;

/** HTTP/2 by itself: requests and their bytes, without what gRPC means by them. */
class Http2Client implements HttpClient {
  readonly protocol = "grpc";
  readonly #options: NodeTransportOptions;
  #session: Promise<ClientHttp2Session> | undefined;

  constructor(options: NodeTransportOptions) {
    this.#options = options;
  }

  /** A part of the window, so that the budget bounds this too. */
  get readAheadBytes(): number {
    return this.#options.budget.window / 16;
  }

  allocate(bytes: number): ArrayBuffer {
    // Slow as opposed to pooled: the memory is the message's own. It is filled before anyone sees it.
    return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    request.signal.throwIfAborted();
    const session = await abortable(this.#connected(), request.signal);
    // All behind the authority; `new URL` for it is a tenth of what a small call costs here.
    const path = request.url.slice(request.url.indexOf("/", request.url.indexOf("//") + 2));
    const headers: Record<string, string> = { ":method": "POST", ":path": path };
    for (const [name, value] of request.header) headers[name] = value;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(headers, { endStream: false });
    } catch (cause) {
      throw connectError(cause, this.#options.baseUrl);
    }
    this.#options.budget.streamOpened();
    if (openStreams(session, 1) === 1) session.ref();
    stream.once("close", () => {
      this.#options.budget.streamClosed();
      // A connection without calls must not keep the process alive.
      if (openStreams(session, -1) === 0 && !session.destroyed) session.unref();
    });
    const exchange = new Exchange(stream, request.signal, this.#options.baseUrl);
    void exchange.send(request.body);
    return await exchange.response;
  }

  close(): void {
    this.#session?.then(
      (session) => session.close(),
      () => {},
    );
    this.#session = undefined;
  }

  #connected(): Promise<ClientHttp2Session> {
    this.#session ??= this.#connect();
    return this.#session;
  }

  #connect(): Promise<ClientHttp2Session> {
    const { baseUrl, socketPath, tls, connectTimeoutMs, budget } = this.#options;
    const window = budget.window;
    const session = connect(baseUrl, {
      maxSessionMemory,
      settings: { initialWindowSize: window, maxFrameSize, enablePush: false },
      ...(socketPath !== undefined && { createConnection: () => connectSocket(socketPath) }),
      ...(tls?.ca !== undefined && { ca: tls.ca as string }),
      ...(tls?.cert !== undefined && { cert: tls.cert as string }),
      ...(tls?.key !== undefined && { key: tls.key as string }),
      ...(tls?.serverName !== undefined && { servername: tls.serverName }),
      ...(tls?.rejectUnauthorized !== undefined && { rejectUnauthorized: tls.rejectUnauthorized }),
    });
    session.unref();
    const connected = new Promise<ClientHttp2Session>((resolve, reject) => {
      // Kept alive by this timer, not by the socket, until it is connected.
      const timer = setTimeout(() => {
        session.destroy();
        reject(new ConnectError(`no connection to ${baseUrl} within ${connectTimeoutMs} ms`, Code.Unavailable));
      }, connectTimeoutMs);
      session.once("connect", () => {
        clearTimeout(timer);
        // node:http2 returns the connection's window as data comes in, whether or not anyone reads it: what bounds
        // unread data are the streams' windows.
        session.setLocalWindowSize(budget.connectionWindow);
        budget.sessionOpened(session, window);
        resolve(session);
      });
      session.once("error", (cause) => {
        clearTimeout(timer);
        reject(connectError(cause, baseUrl));
      });
    });
    const forget = (): void => {
      if (this.#session === connected) this.#session = undefined;
    };
    // After GOAWAY the calls under way finish here, and the next one opens another connection.
    session.once("goaway", forget);
    session.once("close", forget);
    session.once("error", forget);
    // Every later error reaches the streams too; without a listener it would end the process.
    session.on("error", () => {});
    return connected;
  }
}

const streamCounts = new WeakMap<ClientHttp2Session, number>();

function openStreams(session: ClientHttp2Session, change: 1 | -1): number {
  const count = (streamCounts.get(session) ?? 0) + change;
  streamCounts.set(session, count);
  return count;
}

/** Fails with the signal's reason when it is aborted first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** One request and its response on one HTTP/2 stream. */
class Exchange implements ResponseBody {
  readonly response: Promise<HttpResponse>;
  readonly #stream: ClientHttp2Stream;
  #sink: ((chunk: Uint8Array) => boolean) | undefined;
  #settle: { resolve: (more: boolean) => void; reject: (reason: unknown) => void } | undefined;
  #ended = false;
  #failure: unknown;

  constructor(stream: ClientHttp2Stream, signal: AbortSignal, baseUrl: string) {
    this.#stream = stream;
    const trailer = new Headers();
    let hasAnswer = false;
    const abort = (): void => {
      // Connect aborts the signal of every call when it is over. A RST_STREAM for each would be taken for an attack:
      // servers on nghttp2 end a connection that sends more than 1,000 of them in a row.
      if (this.#ended && stream.writableFinished) return;
      this.#fail(signal.reason);
      this.cancel();
    };
    this.response = new Promise((resolve, reject) => {
      this.#settle = { resolve: () => {}, reject };
      stream.once("response", (headers) => {
        this.#settle = undefined;
        hasAnswer = true;
        resolve({ status: Number(headers[":status"]), header: toHeaders(headers), body: this, trailer });
      });
    });
    this.response.catch(() => {});
    stream.once("trailers", (headers: IncomingHttpHeaders) => {
      toHeaders(headers).forEach((value, name) => {
        trailer.append(name, value);
      });
    });
    // Paused before the listener is there, so that nothing flows until somebody reads.
    stream.pause();
    stream.on("data", (chunk: Uint8Array) => {
      if (this.#sink?.(chunk)) return;
      stream.pause();
      this.#done(true);
    });
    stream.once("end", () => {
      this.#ended = true;
      if (hasAnswer) this.#done(false);
      // The server is done: what it has not read of the request it never will, and node waits for that without end.
      if (!stream.writableFinished) this.cancel();
    });
    // A reset with NO_ERROR is neither an error nor, while nothing is read, an end; an answer in the same packet is
    // told in the next tick.
    stream.once("aborted", () => {
      setImmediate(() => {
        if (!hasAnswer) this.cancel();
      });
    });
    stream.once("error", (cause) => this.#fail(callError(cause, stream, baseUrl)));
    stream.once("close", () => {
      signal.removeEventListener("abort", abort);
      if (!this.#ended || !hasAnswer) this.#fail(callError(undefined, stream, baseUrl));
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  }

  async send(body: HttpRequest["body"]): Promise<void> {
    const stream = this.#stream;
    if (Array.isArray(body)) {
      const last = body.length - 1;
      body.forEach((chunk, i) => {
        if (i === last) stream.end(chunk);
        else stream.write(chunk);
      });
      return;
    }
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        // The server may answer before it has read all: its status counts, not our failing to write on.
        if (stream.destroyed || stream.writableEnded) return;
        if (!stream.write(chunk)) await drained(stream);
      }
      stream.end();
    } catch (cause) {
      this.#fail(cause);
      this.cancel();
    }
  }

  read(sink: (chunk: Uint8Array) => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#ended) return resolve(false);
      this.#sink = sink;
      this.#settle = { resolve, reject };
      this.#stream.resume();
    });
  }

  cancel(): void {
    const stream = this.#stream;
    stream.close(constants.NGHTTP2_CANCEL);
    // One that the server has closed waits for its end to be read, or its writes to be done: nobody will do that. Not
    // at once, since this may run while a chunk is taken.
    setImmediate(() => {
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR) stream.destroy();
    });
  }

  #done(more: boolean): void {
    this.#settle?.resolve(more);
    this.#settle = undefined;
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#settle?.reject(this.#failure);
    this.#settle = undefined;
  }
}

function drained(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.once("drain", done);
    stream.once("close", done);
  });
}

function toHeaders(headers: IncomingHttpHeaders): Headers {
  const out = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) out.append(name, one);
  }
  return out;
}
