import type { Field, RecordBatch, Schema } from "apache-arrow";
import { makeBatch } from "../arrow/batch.ts";
import { FlightDecoder } from "../arrow/decode.ts";
import { batchLength, messageKind } from "../arrow/message.ts";
import { FlightSqlError } from "../errors.ts";
import * as calls from "../flight/calls.ts";
import type { Connection } from "../flight/connection.ts";
import { type JoinOptions, joinParts, type Part } from "../flight/endpoints.ts";
import type { FlightInfo, PollInfo } from "../flight/model.ts";
import { WaitingEndpoint } from "../flight/renewal.ts";
import type { CallScope } from "../flight/scope.ts";
import { decodeMessage, resultMeter, sizeOf, streamError } from "../flight/stream.ts";
import type { FlightData } from "../gen/Flight_pb.ts";
import type { Progress } from "./progress.ts";

export interface ResultStreamOptions {
  /** When the query was sent, by `performance.now()`. */
  readonly started: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** What polling tells after the first answer, for a query that is not complete yet. */
  readonly updates: AsyncIterable<PollInfo> | undefined;
  /** Ends the scope and tidies up; called once, whether the stream was read, left or failed. */
  readonly finish: () => Promise<void>;
}

/** How the Arrow IPC stream of a result is written. */
export interface IpcOptions {
  /** Inflate bodies that the server compressed, for readers without codecs. Default false: bodies stay as they came. */
  decompress?: boolean | undefined;
}

/** A message and the endpoint it came from. */
interface Tagged {
  readonly part: number;
  readonly data: FlightData;
}

/**
 * The messages of all endpoints of a result, joined undecoded, so that whoever reads them chooses between batches
 * and bytes.
 */
export class ResultStream {
  info: FlightInfo;
  isDone = false;
  readonly #connection: Connection;
  readonly #options: ResultStreamOptions;
  readonly #messages: AsyncGenerator<Tagged, void, undefined>;
  readonly #join: JoinOptions;
  readonly #decoders: FlightDecoder[] = [];
  readonly #scope: CallScope;
  readonly #where: string;
  /** Of what was sent, and of what it unpacked to. */
  readonly #arrived: (bytes: number) => void;
  readonly #unpacked: (bytes: number) => void;
  #hasBegun = false;
  /** Read while the schema was looked for. */
  #ahead: Tagged | undefined;
  #schema: Schema | null = null;
  #rows = 0;
  #bytes = 0;
  #endpointsDone = 0;
  /** The server's own word on how far the query is. */
  #polled: number | null = null;
  /** The most that was told of it. */
  #fraction: number | undefined;
  #finished: Promise<void> | undefined;
  #failure: unknown;

  constructor(connection: Connection, scope: CallScope, info: FlightInfo, options: ResultStreamOptions) {
    this.info = info;
    this.#connection = connection;
    this.#options = options;
    this.#scope = scope;
    this.#where = `DoGet from ${connection.origin.uri}`;
    this.#arrived = resultMeter(connection.maxResultBytes, this.#where);
    this.#unpacked = resultMeter(connection.maxResultBytes, this.#where);
    const { parallelism, queue, order } = connection.endpoints;
    // FlightInfo.ordered: the endpoints in order are the order that the query asked for.
    this.#join = { parallelism, queue, order: info.ordered ? "endpoint" : order };
    this.#messages = this.#run(scope);
  }

  /** For consumers that keep all anyway: endpoints then need not wait for each other. */
  holdEverything(): void {
    this.#join.queue = Number.POSITIVE_INFINITY;
  }

  /** The schema that the stream begins with. */
  async schema(): Promise<Schema> {
    if (this.#schema !== null) return this.#schema;
    if (this.#ahead === undefined) {
      for (let tagged = await this.#next(); tagged !== undefined; tagged = await this.#next()) {
        if (tagged.data.dataHeader.byteLength === 0) continue;
        this.#ahead = tagged;
        break;
      }
    }
    if (this.#ahead !== undefined) await this.#decode(this.#ahead);
    return this.readSchema();
  }

  /** The schema once the stream has been read, of which an empty result may have only the FlightInfo's. */
  readSchema(): Schema {
    const schema = this.#schema ?? this.info.schema;
    if (schema === null)
      throw new FlightSqlError("data_loss", `${this.#where}: neither the FlightInfo nor a stream has a schema`);
    return schema;
  }

  /** Holds nothing until the first message is asked for. */
  suspend(): void {
    if (!this.#hasBegun) this.#scope.suspend();
  }

  /** Ends the reading here and at the server; nothing happens when it is over. */
  async close(): Promise<void> {
    await this.#messages.return();
    // A generator that never ran does not run its end either.
    await this.#finish();
  }

  #finish(): Promise<void> {
    this.#finished ??= this.#options.finish();
    return this.#finished;
  }

  async *batches(): AsyncGenerator<RecordBatch, void, undefined> {
    try {
      // The schema message that was looked at has been decoded already.
      if (this.#ahead !== undefined && this.#schema !== null) this.#ahead = undefined;
      for (let tagged = await this.#next(); tagged !== undefined; tagged = await this.#next()) {
        if (tagged.data.dataHeader.byteLength === 0) continue;
        const batch = await this.#decode(tagged);
        if (batch === null) continue;
        if (this.#connection.maxResultBytes !== undefined) this.#unpacked(batch.data.byteLength);
        this.#count(batch.numRows, tagged.data);
        yield batch;
      }
    } finally {
      await this.close();
    }
  }

  async *ipc({ decompress = false }: IpcOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const [{ IpcStreamWriter }, { decompressor }] = await Promise.all([
      import("../arrow/ipc.ts"),
      import("../arrow/decompress.ts"),
    ]);
    const writer = new IpcStreamWriter();
    const plain = decompress ? decompressor(this.#connection.loadCodec, this.#connection.maxMessageBytes) : null;
    try {
      for (let tagged = await this.#next(); tagged !== undefined; tagged = await this.#next()) {
        const { dataHeader, dataBody } = tagged.data;
        if (dataHeader.byteLength === 0) continue;
        const kind = messageKind(dataHeader);
        if (kind === "dictionary" && this.#join.order === "arrival" && this.info.endpoints.length > 1) {
          throw new FlightSqlError(
            "failed_precondition",
            'endpoints with dictionaries cannot be mixed in one IPC stream: leave endpoints.order at "endpoint"',
          );
        }
        if (kind === "batch") this.#count(batchLength(dataHeader), tagged.data);
        const message = { header: dataHeader, body: dataBody };
        yield* writer.message(plain === null ? message : await plain(message));
      }
      yield writer.end();
    } catch (thrown) {
      throw streamError(thrown, this.#where);
    } finally {
      await this.close();
    }
  }

  async #next(): Promise<Tagged | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return ahead;
    const { done, value } = await this.#messages.next();
    if (!done) return value;
    // An end that is not the result's: what was read so far must not pass for all of it.
    if (!this.isDone) throw this.#failure ?? new FlightSqlError("canceled", `${this.#where}: the result was cancelled`);
    return undefined;
  }

  async *#run(scope: CallScope): AsyncGenerator<Tagged, void, undefined> {
    this.#hasBegun = true;
    this.#connection.resume(scope);
    try {
      yield* joinParts(this.#parts(scope), this.#join, () => scope.end());
      this.isDone = true;
      this.#report();
    } catch (thrown) {
      this.#failure = thrown;
      throw thrown;
    } finally {
      await this.#finish();
    }
  }

  /** One part for each endpoint; those of a query that is still polled are added as they appear. */
  #parts(scope: CallScope): Part<Tagged>[] | AsyncIterable<Part<Tagged>> {
    const toParts = (from: number): Part<Tagged>[] => {
      return this.info.endpoints
        .slice(from)
        .map((endpoint, i) => this.#part(scope, new WaitingEndpoint(this.#connection, scope, endpoint), from + i));
    };
    const { updates } = this.#options;
    if (updates === undefined) return toParts(0);
    const grow = async function* (this: ResultStream): AsyncGenerator<Part<Tagged>, void, undefined> {
      let known = 0;
      const added = (): Part<Tagged>[] => {
        const parts = toParts(known);
        known += parts.length;
        return parts;
      };
      yield* added();
      for await (const { info, progress } of updates) {
        // PollInfo.info is cumulative: endpoints are only ever added to it.
        if (info !== null) this.info = info;
        this.#polled = progress;
        this.#report();
        yield* added();
      }
    };
    return grow.call(this);
  }

  #part(scope: CallScope, waiting: WaitingEndpoint, part: number): Part<Tagged> {
    return async function* (this: ResultStream): AsyncGenerator<Tagged, void, undefined> {
      for await (const data of calls.doGet(this.#connection, scope, await waiting.take())) {
        // Here and not where it is read: what waits in queues takes memory too.
        this.#arrived(sizeOf(data));
        yield { part, data };
      }
      this.#endpointsDone++;
    }.bind(this);
  }

  async #decode({ part, data }: Tagged): Promise<RecordBatch | null> {
    this.#decoders[part] ??= new FlightDecoder(this.#connection.loadCodec, this.#connection.maxMessageBytes);
    const decoder = this.#decoders[part]!;
    const batch = await decodeMessage(decoder, data, this.#where);
    this.#schema ??= decoder.schema;
    return batch === null || decoder.schema === this.#schema ? batch : rebase(batch, this.#schema!, this.#where);
  }

  #count(rows: number, { dataHeader, dataBody }: FlightData): void {
    this.#rows += rows;
    this.#bytes += dataHeader.byteLength + dataBody.byteLength;
    this.#report();
  }

  #report(): void {
    const { onProgress, started } = this.#options;
    if (onProgress === undefined) return;
    const total = Number(this.info.totalRecords);
    const fraction = total > 0 ? Math.min(1, this.#rows / total) : this.#polled;
    // What the server had made counts until more than that has been read: a bar never runs backwards.
    if (fraction !== null) this.#fraction = Math.max(fraction, this.#fraction ?? 0);
    onProgress({
      rows: this.#rows,
      bytes: this.#bytes,
      endpointsDone: this.#endpointsDone,
      endpoints: this.info.endpoints.length,
      elapsedMs: performance.now() - started,
      ...(this.#fraction !== undefined && { fraction: this.#fraction }),
    });
  }
}

/**
 * A batch of a later endpoint under the schema of the first: servers do differ in nullability and metadata between
 * endpoints, but a column of another type cannot be part of the same result.
 */
function rebase(batch: RecordBatch, schema: Schema, where: string): RecordBatch {
  const describe = (fields: readonly Field[]): string => fields.map((f) => `${f.name}: ${f.type}`).join(", ");
  if (describe(batch.schema.fields) !== describe(schema.fields)) {
    throw new FlightSqlError(
      "data_loss",
      `${where}: endpoints of one result have different schemas: {${describe(schema.fields)}} and {${describe(batch.schema.fields)}}`,
    );
  }
  return makeBatch(schema, batch.numRows, batch.data.children, batch.metadata);
}
