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
   * Hands chunks to `sink` as they arrive, until it answers false or the body ends.
   *
   * Nothing is read from the network between two calls beyond what flow control has already let in. A sink instead of
   * an iterator: most chunks are part of a larger message, and a promise for each would cost more than copying it.
   *
   * @returns whether more may come
   */
  read(sink: (chunk: Uint8Array) => boolean): Promise<boolean>;
}

/** What differs between platforms: the whole of it. */
export interface HttpClient {
  /** gRPC-Web puts trailers into the body, native gRPC into HTTP trailers. */
  readonly protocol: "grpc" | "grpc-web";
  /** Fails with a ConnectError: `unavailable` when no answer came, `canceled` or the signal's reason when aborted. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Memory for a message that is about to be filled; need not be zeroed. */
  allocate(bytes: number): ArrayBuffer;
  /** Ends idle connections now and the others with their last call. */
  close(): void;
}
