import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type AnyTransport, settle } from "./leash.ts";
import { type Peer, type Rpc, RpcCall } from "./rpc.ts";
import type { CallScope } from "./scope.ts";

/** A transport to one server, and what is sent with every call to it. */
export interface ChannelOptions extends Peer {
  readonly transport: AnyTransport;
}

/**
 * The RPCs of one server, with credentials, cookies, metadata and one kind of error.
 *
 * It uses the transport itself, without Connect's client around it: that costs each message several promises.
 */
export class Channel {
  readonly uri: string;
  readonly #options: ChannelOptions;

  constructor(options: ChannelOptions) {
    this.uri = options.uri;
    this.#options = options;
  }

  close(): void {
    this.#options.transport.close?.();
  }

  /** Runs a unary RPC. */
  async unary<I extends DescMessage, O extends DescMessage>(
    rpc: Rpc,
    scope: CallScope,
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const call = new RpcCall(this.#options, rpc, scope);
    try {
      for (;;) {
        try {
          const { signal, headers } = await call.attempt();
          const { transport } = this.#options;
          const response = await transport.unary(method, signal, scope.remainingMs, headers, input);
          call.received();
          call.observe(response.header);
          call.observe(response.trailer);
          call.succeeded();
          return response.message;
        } catch (thrown) {
          await call.retry(thrown);
        }
      }
    } finally {
      call.end();
    }
  }

  /**
   * Runs a streaming RPC. Leaving the loop over its messages ends it at the server too.
   *
   * Connect's iterables have no `return`, so the end of the call is what tells the server.
   */
  async *stream<I extends DescMessage, O extends DescMessage>(
    rpc: Rpc,
    scope: CallScope,
    method: DescMethodStreaming<I, O>,
    input: AsyncIterable<MessageInitShape<I>>,
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const call = new RpcCall(this.#options, rpc, scope);
    const { report } = call;
    let messages: AsyncIterator<MessageShape<O>> | undefined;
    try {
      for (;;) {
        try {
          const { signal, headers } = await call.attempt();
          const { transport } = this.#options;
          // Anew for each attempt: a generator can be read once.
          const sent = report === undefined ? input : report.counted(input);
          const response = await transport.stream(method, signal, scope.remainingMs, headers, sent);
          call.observe(response.header);
          messages = response.message[Symbol.asyncIterator]();
          for (let next = await messages.next(); !next.done; next = await messages.next()) {
            call.received();
            report?.count(next.value);
            yield next.value;
            call.waits();
          }
          messages = undefined;
          call.observe(response.trailer);
          call.succeeded();
          return;
        } catch (thrown) {
          messages = undefined;
          await call.retry(thrown);
        }
      }
    } finally {
      call.end();
      if (messages !== undefined) void settle(messages);
    }
  }
}
