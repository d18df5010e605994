import {
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type Interceptor,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import { compressedFlag, EnvelopeReader, encodeEnvelope, trailerFlag } from "./envelope.ts";
import type { HttpClient, HttpResponse } from "./http.ts";
import { runStreaming, runUnary } from "./run.ts";
import { httpError, mergeHeaders, parseTrailer, statusError } from "./status.ts";

export interface TransportOptions {
  /** Scheme, host and port, and a path prefix where a proxy wants one. */
  readonly baseUrl: string;
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Largest message accepted. Default: no limit. */
  readonly maxMessageBytes?: number | undefined;
}

/** A Connect transport that can be closed. */
export interface ClosableTransport extends Transport {
  close(): void;
}

/**
 * A Connect `Transport` for gRPC or gRPC-Web over a request function.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export function createTransport(http: HttpClient, options: TransportOptions): ClosableTransport {
  const interceptors = [...(options.interceptors ?? [])];
  const limit = options.maxMessageBytes ?? Number.POSITIVE_INFINITY;

  /** Sends a request and checks that a gRPC response began; an error that came without a body is thrown here. */
  async function call(
    url: string,
    header: Headers,
    body: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const response = await http.request({ url, header, body, signal });
    // Trailers-only: the status stands in the headers, and there is no message (an OK one may have an empty body).
    const early = response.header.has("grpc-status")
      ? statusError(response.header, response.header)
      : httpError(response.status, response.header);
    if (early !== undefined) {
      response.body.cancel();
      throw early;
    }
    return response;
  }

  /** The messages of a response; its status is thrown or, when OK, its trailers are added to `trailer`. */
  async function* messages<O extends DescMessage>(
    output: O,
    response: HttpResponse,
    trailer: Headers,
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const reader = new EnvelopeReader(response.body, http, limit);
    let trailers: Headers | undefined;
    let isComplete = false;
    try {
      for (let envelope = await reader.next(); envelope !== null; envelope = await reader.next()) {
        const { flags, data } = envelope;
        if (trailers !== undefined) throw new ConnectError("the response goes on after its trailers", Code.Internal);
        if ((flags & compressedFlag) !== 0)
          throw new ConnectError("the server compressed a message, which was not offered", Code.Internal);
        if ((flags & trailerFlag) !== 0 && http.protocol === "grpc-web") trailers = parseTrailer(data);
        else yield readMessage(output, data);
      }
      isComplete = true;
    } finally {
      if (!isComplete) response.body.cancel();
    }
    trailers ??= response.trailer.has("grpc-status") ? response.trailer : new Headers();
    const status = trailers.has("grpc-status") ? trailers : response.header;
    const error = statusError(status, mergeHeaders(response.header, trailers), http.protocol);
    if (error !== undefined) throw error;
    for (const [name, value] of trailers) trailer.append(name, value);
  }

  /** The parts that unary and streaming requests have in common. */
  function start(
    method: DescMethod,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    contextValues: ContextValues | undefined,
  ) {
    return {
      service: method.parent,
      requestMethod: "POST",
      url: createMethodUrl(options.baseUrl, method),
      header: requestHeader(http.protocol, timeoutMs, header),
      contextValues: contextValues ?? createContextValues(),
    };
  }

  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: MessageInitShape<I>,
      contextValues?: ContextValues,
    ): Promise<UnaryResponse<I, O>> {
      return await runUnary<I, O>({
        signal,
        timeoutMs,
        interceptors,
        req: { ...start(method, timeoutMs, header, contextValues), stream: false, method, message: input },
        next: async (req) => {
          const response = await call(
            req.url,
            req.header,
            encodeEnvelope(method.input, req.message as Message),
            req.signal,
          );
          const trailer = new Headers();
          let message: MessageShape<O> | undefined;
          for await (const m of messages(method.output, response, trailer)) {
            if (message !== undefined)
              throw new ConnectError("a second message came where one was due", Code.Unimplemented);
            message = m;
          }
          if (message === undefined)
            throw new ConnectError("the call succeeded without its message", Code.Unimplemented);
          return { stream: false, service: method.parent, method, header: response.header, trailer, message };
        },
      });
    },

    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ): Promise<StreamResponse<I, O>> {
      return await runStreaming<I, O>({
        signal,
        timeoutMs,
        interceptors,
        req: { ...start(method, timeoutMs, header, contextValues), stream: true, method, message: input },
        next: async (req) => {
          const body =
            method.methodKind === "server_streaming"
              ? await firstEnvelope(method.input, req.message)
              : envelopes(method.input, req.message);
          const response = await call(req.url, req.header, body, req.signal);
          const trailer = new Headers();
          return {
            stream: true,
            service: method.parent,
            method,
            header: response.header,
            trailer,
            message: messages(method.output, response, trailer),
          };
        },
      });
    },

    close: () => http.close(),
  };
}

async function* envelopes<I extends DescMessage>(
  desc: I,
  input: AsyncIterable<MessageShape<I>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const message of input) yield* encodeEnvelope(desc, message as Message);
}

async function firstEnvelope<I extends DescMessage>(
  desc: I,
  input: AsyncIterable<MessageShape<I>>,
): Promise<Uint8Array[]> {
  for await (const message of input) return encodeEnvelope(desc, message as Message);
  throw new ConnectError("a call without its message", Code.Internal);
}

function readMessage<O extends DescMessage>(output: O, data: Uint8Array): MessageShape<O> {
  try {
    return fromBinary(output, data);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectError(
      `the answer cannot be read as ${output.typeName}: ${text}`,
      Code.Internal,
      undefined,
      undefined,
      cause,
    );
  }
}

function requestHeader(
  protocol: HttpClient["protocol"],
  timeoutMs: number | undefined,
  user: HeadersInit | undefined,
): Headers {
  const header = new Headers(user);
  if (protocol === "grpc") {
    header.set("content-type", "application/grpc");
    header.set("te", "trailers");
  } else {
    header.set("content-type", "application/grpc-web+proto");
    header.set("x-grpc-web", "1");
  }
  if (timeoutMs !== undefined) header.set("grpc-timeout", formatTimeout(timeoutMs));
  return header;
}

// PROTOCOL-HTTP2: at most eight digits and a unit.
function formatTimeout(timeoutMs: number): string {
  const ms = Math.max(0, Math.ceil(timeoutMs));
  if (ms < 1e8) return `${ms}m`;
  const seconds = Math.ceil(ms / 1000);
  return seconds < 1e8 ? `${seconds}S` : "99999999S";
}
