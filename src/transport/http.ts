/** One HTTP exchange, as the transport asks for it. */
export interface HttpRequest {
  readonly url: string;
  readonly header: Headers;
  /** Chunks in order; an array when all are known, so that the last one can carry the end of the stream. */
  readonly body: readonly Uint8Array[] | AsyncIterable<Uint8Array>;
  /** Aborting it ends the exchange on the wire, whatever its state. */
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly header: Headers;
  readonly body: ResponseBody;
  /** Filled once the body has ended; stays empty where the platform has no trailers (fetch). */
  readonly trailer: Headers;
}

export interface ResponseBody {
  /**
   * Hands chunks to `sink` as they arrive, until it answers false or the body ends. What flow control has already let
   * in may still come after that.
   *
   * @returns whether more may come
   */
  read(sink: ChunkSink): Promise<boolean>;
  /** Ends the exchange: nobody wants the rest. */
  cancel(): void;
}

/**
 * Takes the chunks of a body.
 *
 * Instead of an iterator: most chunks are part of a larger message, and a promise for each would cost more than copying
 * it. It must not throw: nobody stands between it and the event loop.
 */
export interface ChunkSink {
  /** The next chunk, whose memory is used again after the call; false when there should be no more for now. */
  take(chunk: Uint8Array): boolean;
  /**
   * Where the next bytes are going to stay, never empty. A chunk that begins in this very place need not be copied; its
   * memory may have been transferred in between.
   */
  readonly target: Uint8Array;
}

/** What differs between platforms: the whole of it. */
export interface HttpClient {
  /** gRPC-Web puts trailers into the body, native gRPC into HTTP trailers. */
  readonly protocol: "grpc" | "grpc-web";
  /** Fails with a ConnectError: `unavailable` when no answer came, `canceled` when aborted, unless the signal's reason is a ConnectError. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Memory for a message that is about to be filled; need not be zeroed. */
  allocate(bytes: number): ArrayBuffer;
  /** Bytes of messages that may wait, complete and unasked for, before the body is stopped. */
  readonly readAheadBytes: number;
  /** Ends idle connections now and the others with their last call. */
  close(): void;
}
