import { Code, ConnectError } from "@connectrpc/connect";
import type { ChunkSink, HttpClient, HttpRequest, HttpResponse, ResponseBody } from "./http.ts";
import { type ClosableTransport, createTransport, type TransportOptions } from "./transport.ts";

export interface FetchTransportOptions extends TransportOptions {
  /** Called in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** The browser's cookie mode, as in `RequestInit`. Default: fetch's own (`"same-origin"`). */
  readonly credentials?: RequestCredentials | undefined;
}

/**
 * gRPC-Web over `fetch`: browsers, edge runtimes, and anywhere else that has fetch.
 *
 * A call with several request messages sends them all as one body and reads the answer after that: half-duplex.
 * Updates, parameter binding, ingest and one-shot handshakes need no more; a server whose second message waits for
 * its first to be answered cannot be talked to this way.
 */
export function createFetchTransport(options: FetchTransportOptions): ClosableTransport {
  return createTransport(fetchClient(options), options);
}

function fetchClient({ fetch: own, credentials }: FetchTransportOptions): HttpClient {
  return {
    protocol: "grpc-web",
    readAheadBytes: 1 << 20,
    allocate: (bytes) => new ArrayBuffer(bytes),
    close: () => {},
    async request({ url, header, body, signal }: HttpRequest): Promise<HttpResponse> {
      const blob = await toBlob(body, signal);
      // Looked up at each call, so that a fetch replaced later (by a test, by instrumentation) is the one used.
      const send = own ?? globalThis.fetch;
      let response: Response;
      try {
        response = await send(url, {
          method: "POST",
          headers: header,
          body: blob,
          signal,
          // Workers know no "error" and refuse the call; a redirect is found below.
          redirect: "manual",
          ...(credentials !== undefined && { credentials }),
        });
      } catch (cause) {
        throw networkError(cause, signal, url);
      }
      // A `fetch` that knows of no signal answers too late.
      if (signal.aborted) {
        response.body?.cancel().catch(() => {});
        throw ConnectError.from(signal.reason, Code.Canceled);
      }
      // Browsers hide a redirect (status 0); elsewhere its status is seen.
      if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
        response.body?.cancel().catch(() => {});
        throw new ConnectError(
          `no answer from ${new URL(url).origin}: it redirects, which no call follows`,
          Code.Unavailable,
        );
      }
      return {
        status: response.status,
        header: response.headers,
        trailer: new Headers(),
        body: new FetchBody(response.body, signal, url),
      };
    },
  };
}

/** A Blob takes the chunks as they are; the browser joins them outside of the JavaScript heap. */
async function toBlob(body: HttpRequest["body"], signal: AbortSignal): Promise<Blob> {
  if (Array.isArray(body)) return new Blob(body as BlobPart[]);
  const parts: BlobPart[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    signal.throwIfAborted();
    parts.push(chunk);
  }
  return new Blob(parts);
}

class FetchBody implements ResponseBody {
  readonly #reader: BodyReader | undefined;
  readonly #signal: AbortSignal;
  readonly #url: string;
  readonly #abort = (): void => this.cancel();

  constructor(body: ReadableStream<Uint8Array> | null, signal: AbortSignal, url: string) {
    this.#reader = body === null ? undefined : openBody(body);
    this.#signal = signal;
    this.#url = url;
    // Node's fetch may lose sight of its signal while nobody reads, and then keeps the server sending.
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  cancel(): void {
    this.#unfollow();
    this.#reader?.cancel().catch(() => {});
  }

  /** Node 20 keeps the signal of a request for as long as a listener of it leads back to the request: for ever. */
  #unfollow(): void {
    this.#signal.removeEventListener("abort", this.#abort);
  }

  async read(sink: ChunkSink): Promise<boolean> {
    const reader = this.#reader;
    if (reader === undefined) return false;
    for (;;) {
      let result: ReadableStreamReadResult<Uint8Array>;
      try {
        result = await reader.read(sink.target);
      } catch (cause) {
        this.#unfollow();
        throw networkError(cause, this.#signal, this.#url, "the connection broke while the response was read");
      }
      if (result.done) {
        this.#unfollow();
        if (this.#signal.aborted) throw ConnectError.from(this.#signal.reason, Code.Canceled);
        return false;
      }
      if (!sink.take(result.value)) return true;
    }
  }
}

interface BodyReader {
  /** What comes next, read into the target if the platform can and that is large enough: it is then transferred. */
  read(target: Uint8Array): Promise<ReadableStreamReadResult<Uint8Array>>;
  cancel(): Promise<void>;
}

// What has no large target is read so many bytes at a time, and copied.
const scratchBytes = 64 * 1024;

// Chromium refuses to read into more than 2 GiB less 2 MiB.
const mostBytes = 2 ** 30;

/** Chromium makes and fills a buffer for each chunk that it hands out: read into the message, a body costs a third less. */
function openBody(body: ReadableStream<Uint8Array>): BodyReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // No stream of bytes: Safari's, or a Response that somebody made.
    return body.getReader();
  }
  let scratch = new ArrayBuffer(0);
  return {
    async read(target) {
      if (target.byteLength >= scratchBytes)
        return await reader.read(target.subarray(0, mostBytes) as Uint8Array<ArrayBuffer>);
      if (scratch.byteLength === 0) scratch = new ArrayBuffer(scratchBytes);
      const result = await reader.read(new Uint8Array(scratch));
      if (result.value !== undefined) scratch = result.value.buffer;
      return result;
    },
    cancel: () => reader.cancel(),
  };
}

/** Browsers say only "Failed to fetch": what that can mean is all that can be told. */
function networkError(cause: unknown, signal: AbortSignal, url: string, what?: string): ConnectError {
  if (signal.aborted) return ConnectError.from(signal.reason, Code.Canceled);
  const text = cause instanceof Error ? cause.message : String(cause);
  const why =
    what ??
    `no answer from ${new URL(url).origin}: the server is not reachable, its TLS certificate is not trusted, or CORS refuses this page (the server or proxy must allow its origin and the headers sent); or it redirects, which no call follows`;
  return new ConnectError(`${why} (${text})`, Code.Unavailable, undefined, undefined, cause);
}
