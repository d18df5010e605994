import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalHandlerFn, UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

// The most that is read, and thrown away, of an upload that was answered before its end.
const drainLimit = 256 << 20;
const drainMs = 30_000;

/**
 * Answers an HTTP request, of version 1.1 or 2, by a Connect handler.
 *
 * Unlike connect-node's adapter it lets every method through over HTTP/1.1, where an upload is one body and its answer
 * follows; it drains uploads that were refused early, without which a browser reports a lost connection instead of the
 * refusal; and it ends a handler's stream however its reader went.
 */
export async function answer(
  handler: UniversalHandlerFn,
  request: Request,
  response: Response,
  extraHeaders: (names: Iterable<string>) => Record<string, string>,
  maxRequestBytes: number,
): Promise<void> {
  const gone = new AbortController();
  // Also emitted behind a complete response; nobody listens any more then.
  response.once("close", () => gone.abort(new ConnectError("the client went away", Code.Canceled)));
  // A reset stream is an error of the request, too; what it means is told by "close".
  request.on("error", () => {});
  response.on("error", () => {});
  const body: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false });
  const result = await handler(universalRequest(request, limited(body, maxRequestBytes), gone.signal));
  await send(result, response, gone.signal, extraHeaders);
  if (!gone.signal.aborted) await drain(request, body);
}

function universalRequest(
  request: Request,
  body: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): UniversalServerRequest {
  const authority = request.headers[":authority"] ?? request.headers.host ?? "localhost";
  return {
    // Connect answers 505 to client-streaming methods over "1.1", fearing a client that waits for an answer while it
    // sends. gRPC-Web clients there send everything first.
    httpVersion: "2.0",
    method: request.method ?? "",
    url: `http://${authority}${request.url ?? "/"}`,
    header: webHeaders(request),
    body: { [Symbol.asyncIterator]: () => body },
    signal,
  };
}

/** Without `return`: a handler that leaves early must not close what is drained behind it. */
function limited(body: AsyncIterator<Uint8Array>, maxBytes: number): AsyncIterator<Uint8Array> {
  let bytes = 0;
  return {
    async next() {
      const next = await body.next();
      bytes += next.done ? 0 : next.value.byteLength;
      if (bytes <= maxBytes) return next;
      throw new ConnectError(
        `This server takes ${maxBytes} bytes of a request at most (maxRequestBytes).`,
        Code.ResourceExhausted,
      );
    },
  };
}

function webHeaders(request: Request): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
}

async function send(
  { status, header, body: chunks, trailer }: UniversalServerResponse,
  response: Response,
  gone: AbortSignal,
  extraHeaders: (names: Iterable<string>) => Record<string, string>,
): Promise<void> {
  const iterator = chunks?.[Symbol.asyncIterator]();
  try {
    // Handlers put trailers-only answers and their headers in place before the first chunk.
    let chunk = await iterator?.next();
    if (gone.aborted) return;
    response.writeHead(status, { ...extraHeaders(header?.keys() ?? []), ...nodeHeaders(header) });
    while (chunk && !chunk.done) {
      if (!write(response, chunk.value)) await drained(response, gone);
      if (gone.aborted) return;
      chunk = await iterator?.next();
    }
    if (trailer) response.addTrailers(nodeHeaders(trailer));
    response.end();
  } finally {
    await iterator?.return?.();
  }
}

function write(response: Response, chunk: Uint8Array): boolean {
  // One signature in both versions; TypeScript cannot call a union of overloads.
  return (response as ServerResponse).write(chunk);
}

/** Waits until the connection takes more: this is what stops a query that is read slowly. */
function drained(response: Response, gone: AbortSignal): Promise<void> {
  // The client may have gone while the chunk was made: what is aborted already tells it to no listener.
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      gone.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    gone.addEventListener("abort", done);
  });
}

async function drain(request: Request, body: AsyncIterator<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => request.destroy(), drainMs);
  try {
    for (let left = drainLimit; left > 0; ) {
      const { done, value } = await body.next();
      if (done) return;
      left -= value.byteLength;
    }
    request.destroy();
  } catch {
    // The client broke off, which is as good.
  } finally {
    clearTimeout(timer);
  }
}

function nodeHeaders(headers: Headers | undefined): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = Object.fromEntries(headers ?? []);
  const cookies = headers?.getSetCookie() ?? [];
  if (cookies.length > 0) out["set-cookie"] = cookies;
  return out;
}
