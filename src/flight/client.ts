import type { Schema } from "apache-arrow";
import { FlightSqlError } from "../errors.ts";
import type { FlightDescriptor as FlightDescriptorMessage } from "../gen/Flight_pb.ts";
import { readAnswerSchema } from "./answer.ts";
import * as calls from "./calls.ts";
import type { Connection } from "./connection.ts";
import { FlightExchange, UploadQueue } from "./exchange.ts";
import {
  type FlightDescriptor,
  type FlightEndpoint,
  type FlightInfo,
  fromEndpoint,
  fromInfo,
  fromPollInfo,
  type PollInfo,
  ticketEndpoint,
  toDescriptor,
} from "./model.ts";
import { encodeStream, type FlightPutInput } from "./put.ts";
import { FlightStreamReader } from "./reader.ts";
import type { CallOptions, CallScope } from "./scope.ts";
import * as session from "./session.ts";
import { type Decoded, decodeStream } from "./stream.ts";

export interface FlightPutOptions extends CallOptions {
  /** Sent even when no batch follows. Default: the first batch's schema. */
  schema?: Schema | undefined;
}

/**
 * Arrow Flight itself, below SQL: every RPC of the service and its core actions. `client.flight` gives it.
 *
 * @see https://arrow.apache.org/docs/format/Flight.html
 */
export class FlightClient {
  readonly #connection: Connection;

  /** @internal Use `client.flight`. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** One Handshake: sends `payload` and returns the server's last one. Basic authentication needs no call of yours. */
  handshake(payload: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#connection.run(options, async (scope) => {
      const answer = await calls.handshake(this.#connection.origin, scope, new Headers(), payload);
      return answer.payload;
    });
  }

  /** ListFlights: what the server offers; `expression` narrows it in the server's own terms. */
  async *listFlights(
    expression: Uint8Array = new Uint8Array(0),
    options: CallOptions = {},
  ): AsyncGenerator<FlightInfo, void, undefined> {
    yield* this.#stream(options, async function* (connection, scope) {
      for await (const info of calls.listFlights(connection, scope, expression)) yield fromInfo(info);
    });
  }

  /** GetFlightInfo: how a path or command can be read. */
  getFlightInfo(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<FlightInfo> {
    return this.#connection.run(options, async (scope) =>
      fromInfo(await calls.getFlightInfo(this.#connection, scope, toDescriptor(descriptor), true)),
    );
  }

  /** PollFlightInfo: the first time with what to read, then with the answer's `descriptor` until that is null. */
  pollFlightInfo(descriptor: FlightDescriptor | FlightDescriptorMessage, options: CallOptions = {}): Promise<PollInfo> {
    return this.#connection.run(options, async (scope) =>
      fromPollInfo(await calls.pollFlightInfo(this.#connection, scope, toDescriptor(descriptor))),
    );
  }

  /** GetSchema: the schema of what a path or command would read; null when the server sends none. */
  getSchema(descriptor: FlightDescriptor, options: CallOptions = {}): Promise<Schema | null> {
    return this.#connection.run(options, async (scope) =>
      readAnswerSchema(await calls.getSchema(this.#connection, scope, toDescriptor(descriptor))),
    );
  }

  /** DoGet: the data of a ticket from this client's server, or of an endpoint from whichever of its locations answers. */
  doGet(source: Uint8Array | FlightEndpoint, options: CallOptions = {}): FlightStreamReader {
    const endpoint = source instanceof Uint8Array ? ticketEndpoint(source) : source;
    const { source: decoded, cancel } = this.#read("DoGet", options, (scope) =>
      calls.doGet(this.#connection, scope, endpoint),
    );
    return new FlightStreamReader(decoded, cancel);
  }

  /**
   * DoPut: sends batches and yields the metadata of the server's answers, as they come.
   *
   * Over fetch all is sent before the first answer is read.
   */
  async *doPut(
    descriptor: FlightDescriptor,
    input: FlightPutInput,
    options: FlightPutOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const messages = encodeStream(toDescriptor(descriptor), input, options.schema);
    yield* this.#stream(options, async function* (connection, scope) {
      for await (const result of calls.doPut(connection, scope, messages)) yield result.appMetadata;
    });
  }

  /**
   * DoExchange: sends batches and reads others back, each side at its own pace.
   *
   * @example
   * ```ts
   * import { FlightSqlClient } from "flightsql";
   * import { tableFromArrays } from "apache-arrow";
   *
   * const client = new FlightSqlClient("grpc://127.0.0.1:31337");
   * try {
   *   const exchange = client.flight.doExchange({ cmd: new TextEncoder().encode("echo") });
   *   for (const batch of tableFromArrays({ n: [1, 2, 3] }).batches) await exchange.write(batch);
   *   exchange.end();
   *   for await (const { batch } of exchange) console.log(batch?.numRows);
   * } finally {
   *   await client.close();
   * }
   * ```
   */
  doExchange(descriptor: FlightDescriptor, options: FlightPutOptions = {}): FlightExchange {
    const upload = new UploadQueue(this.#connection.halfDuplex);
    const messages = encodeStream(toDescriptor(descriptor), upload.chunks(), options.schema);
    const { source, cancel } = this.#read("DoExchange", options, (scope) =>
      calls.doExchange(this.#connection, scope, messages),
    );
    return new FlightExchange(source, cancel, upload);
  }

  /** DoAction: the bodies of an action's results. Read them to the end: an error may follow the last one. */
  async *doAction(
    type: string,
    body: Uint8Array = new Uint8Array(0),
    options: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#stream(options, (connection, scope) => calls.doAction(connection, scope, type, body));
  }

  /** ListActions: what `doAction` understands. */
  async *listActions(
    options: CallOptions = {},
  ): AsyncGenerator<{ type: string; description: string }, void, undefined> {
    yield* this.#stream(options, async function* (connection, scope) {
      for await (const { type, description } of calls.listActions(connection, scope)) yield { type, description };
    });
  }

  /** The action CancelFlightInfo: stops the query behind a FlightInfo. */
  cancelFlightInfo(info: FlightInfo, options: CallOptions = {}): Promise<session.CancelResult> {
    return this.#connection.run(options, (scope) => session.cancelFlightInfo(this.#connection, scope, info.message));
  }

  /** The action RenewFlightEndpoint: the endpoint to use instead, with a later `expirationTime`. */
  renewFlightEndpoint(endpoint: FlightEndpoint, options: CallOptions = {}): Promise<FlightEndpoint> {
    return this.#connection.run(options, async (scope) =>
      fromEndpoint(await session.renewFlightEndpoint(this.#connection, scope, endpoint.message)),
    );
  }

  /** The action SetSessionOptions. Returns the options that were not set, and why. */
  setSessionOptions(
    values: Readonly<Record<string, session.SessionOptionValue>>,
    options: CallOptions = {},
  ): Promise<Map<string, session.SessionOptionError>> {
    return this.#connection.run(options, (scope) => session.setSessionOptions(this.#connection, scope, values));
  }

  /** The action GetSessionOptions. */
  getSessionOptions(options: CallOptions = {}): Promise<Map<string, session.SessionOptionValue>> {
    return this.#connection.run(options, (scope) => session.getSessionOptions(this.#connection, scope));
  }

  /** The action CloseSession: ends the server's session, not the client. */
  closeSession(options: CallOptions = {}): Promise<session.CloseSessionResult> {
    return this.#connection.run(options, (scope) => session.closeSession(this.#connection, scope));
  }

  async *#stream<T>(
    options: CallOptions,
    run: (connection: Connection, scope: CallScope) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const scope = this.#connection.scope(options);
    try {
      yield* run(this.#connection, scope);
    } finally {
      scope.end();
    }
  }

  /** What the messages of a call turn out to be, and how to end it. The call begins when the first is asked for. */
  #read(
    name: string,
    options: CallOptions,
    open: (scope: CallScope) => ReturnType<typeof calls.doGet>,
  ): { source: AsyncGenerator<Decoded, void, undefined>; cancel: () => void } {
    const connection = this.#connection;
    const where = `${name} from ${connection.origin.uri}`;
    let scope: CallScope | undefined;
    let isCancelled = false;
    const stop = (): void => {
      if (scope?.isOver === false) scope.stop(new FlightSqlError("canceled", "the reader was cancelled"));
    };
    async function* source(): AsyncGenerator<Decoded, void, undefined> {
      scope = connection.scope(options);
      if (isCancelled) stop();
      try {
        yield* decodeStream(open(scope), where, connection);
      } finally {
        scope.end();
      }
    }
    const cancel = (): void => {
      isCancelled = true;
      stop();
    };
    return { source: source(), cancel };
  }
}
