import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HttpClient, HttpRequest, HttpResponse } from "./http.ts";
import { closedEarly, Http2Connection } from "./http2/connection.ts";
import { connectError } from "./http2/errors.ts";
import { encodeHeaders, type HeaderField } from "./http2/hpack.ts";
import type { ReceiveBudget } from "./http2/receive-budget.ts";
import { Http2Stream } from "./http2/stream.ts";
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

// A connection is read so many bytes at a time: into the message that they are part of, where that is known, and else into
// one piece of memory. Node reads a full socket 32 times in one turn of the event loop: 2 MB with this. With 256 KB a large
// result came no faster, and other things waited twice as long.
const readBytes = 64 * 1024;

/** HTTP/2 by itself: requests and their bytes, without what gRPC means by them. */
class Http2Client implements HttpClient {
  readonly protocol = "grpc";
  readonly #options: NodeTransportOptions;
  readonly #pseudoHeaders: readonly HeaderField[];
  #connection: Promise<Http2Connection> | undefined;
  /** What `#connection` has come to, so that a call need not wait for a promise. */
  #open: Http2Connection | undefined;

  constructor(options: NodeTransportOptions) {
    this.#options = options;
    const { protocol, host } = new URL(options.baseUrl);
    this.#pseudoHeaders = [
      [":method", "POST"],
      [":scheme", protocol.slice(0, -1)],
      [":authority", host],
    ];
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
    const { signal } = request;
    if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
    const connection = this.#open ?? (await this.#opened(signal));
    // All behind the authority; `new URL` for it is a tenth of what a small call costs here.
    const path = request.url.slice(request.url.indexOf("/", request.url.indexOf("//") + 2));
    const block = encodeHeaders([...this.#pseudoHeaders, [":path", path], ...request.header]);
    return await new Http2Stream(connection, block, request, this.#options.baseUrl).response;
  }

  close(): void {
    this.#connection?.then(
      (connection) => connection.retire(),
      () => {},
    );
    this.#connection = this.#open = undefined;
  }

  /** The connection, once there is one; fails when the signal is aborted first. */
  #opened(signal: AbortSignal): Promise<Http2Connection> {
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(ConnectError.from(signal.reason, Code.Canceled));
      signal.addEventListener("abort", abort, { once: true });
      connection.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  #connect(): Promise<Http2Connection> {
    const { baseUrl, connectTimeoutMs, budget } = this.#options;
    const connected = new Promise<Http2Connection>((resolve, reject) => {
      let connection: Http2Connection | undefined;
      const socket = dial(
        this.#options,
        (bytes) => connection?.target(bytes),
        (chunk) => connection?.receive(chunk),
      );
      const timer = setTimeout(() => {
        const error = new ConnectError(`no connection to ${baseUrl} within ${connectTimeoutMs} ms`, Code.Unavailable);
        connection?.fail(error);
        socket.destroy();
        reject(error);
      }, connectTimeoutMs);
      const fail = (cause: unknown): void => {
        clearTimeout(timer);
        reject(connectError(cause, baseUrl));
      };
      socket.once("error", fail);
      socket.once("close", () => fail(closedEarly()));
      socket.once(baseUrl.startsWith("https:") ? "secureConnect" : "connect", () => {
        // The timer runs on until the server's settings are here: only they tell that it speaks HTTP/2.
        connection = new Http2Connection(socket, budget, { ready: () => clearTimeout(timer), retired: forget });
        resolve(connection);
      });
    });
    // After GOAWAY the calls under way finish there, and the next one opens another connection.
    const forget = (): void => {
      if (this.#connection === connected) this.#connection = this.#open = undefined;
    };
    connected.then((connection) => {
      if (this.#connection === connected && connection.isOpen) this.#open = connection;
    }, forget);
    return connected;
  }
}

/** @param target where the next bytes are to stay, when all of so many are to be in one place */
function dial(
  { baseUrl, socketPath, tls }: NodeTransportOptions,
  target: (bytes: number) => Uint8Array | undefined,
  receive: (chunk: Uint8Array) => void,
): Socket {
  const { protocol, hostname, port } = new URL(baseUrl);
  const host = hostname.replace(/^\[|\]$/g, "");
  const memory = Buffer.allocUnsafeSlow(readBytes);
  const options = {
    ...(socketPath === undefined
      ? { host, port: Number(port || (protocol === "https:" ? 443 : 80)) }
      : { path: socketPath }),
    noDelay: true,
    onread: {
      // Asked for before each read.
      buffer: () => target(readBytes) ?? memory,
      callback: (bytes: number, read: Uint8Array) => {
        receive(read.subarray(0, bytes));
        return true;
      },
    },
  };
  const socket =
    protocol === "https:"
      ? connectTls({
          ...options,
          ALPNProtocols: ["h2"],
          servername: tls?.serverName ?? (isIP(host) === 0 ? host : ""),
          ...(tls?.ca !== undefined && { ca: tls.ca as string }),
          ...(tls?.cert !== undefined && { cert: tls.cert as string }),
          ...(tls?.key !== undefined && { key: tls.key as string }),
          ...(tls?.rejectUnauthorized !== undefined && { rejectUnauthorized: tls.rejectUnauthorized }),
        })
      : connectSocket(options);
  // Runtimes that do not know `onread` hand out chunks; on Node none ever comes here.
  return socket.on("data", receive);
}
