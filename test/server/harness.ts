import { create, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { type RecordBatch, Table } from "apache-arrow";
import { FlightDecoder } from "../../src/arrow/decode.ts";
import {
  type FlightData,
  FlightDataSchema,
  FlightDescriptor_DescriptorType,
  FlightDescriptorSchema,
  FlightService,
  type PutResult,
} from "../../src/gen/Flight_pb.ts";
import {
  CommandStatementQuerySchema,
  CommandStatementUpdateSchema,
  DoPutUpdateResultSchema,
} from "../../src/gen/FlightSql_pb.ts";
import { writeAny } from "../../src/server/messages.ts";

export type Flight = Client<typeof FlightService>;

/** A foreign client over native gRPC: connect-node's own. */
export function grpc(url: string, interceptors: Interceptor[] = []): Flight {
  return createClient(FlightService, createGrpcTransport({ baseUrl: url, interceptors }));
}

/** A foreign client over gRPC-Web and HTTP/1.1. */
export function grpcWeb(url: string, interceptors: Interceptor[] = []): Flight {
  return createClient(FlightService, createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1", interceptors }));
}

export function descriptor(message: { readonly $typeName: string }): MessageShape<typeof FlightDescriptorSchema> {
  return create(FlightDescriptorSchema, { type: FlightDescriptor_DescriptorType.CMD, cmd: writeAny(message) });
}

export function statement(query: string): MessageShape<typeof FlightDescriptorSchema> {
  return descriptor(create(CommandStatementQuerySchema, { query }));
}

/** Every row of a command's result. */
export async function read(client: Flight, command: MessageShape<typeof FlightDescriptorSchema>): Promise<Table> {
  const info = await client.getFlightInfo(command);
  const batches: RecordBatch[] = [];
  let decoder = new FlightDecoder();
  for (const { ticket } of info.endpoint) {
    decoder = new FlightDecoder();
    for await (const batch of batchesOf(client.doGet(ticket!), decoder)) batches.push(batch);
  }
  return new Table(decoder.schema!, batches);
}

export function query(client: Flight, sql: string): Promise<Table> {
  return read(client, statement(sql));
}

export async function* batchesOf(
  messages: AsyncIterable<FlightData>,
  decoder: FlightDecoder = new FlightDecoder(),
): AsyncGenerator<RecordBatch> {
  for await (const { dataHeader, dataBody } of messages) {
    const batch = dataHeader.length > 0 ? await decoder.decode(dataHeader, dataBody) : null;
    if (batch) yield batch;
  }
}

/** The count a statement's update answers. */
export async function update(client: Flight, sql: string): Promise<bigint> {
  const answers = client.doPut(
    once(
      create(FlightDataSchema, { flightDescriptor: descriptor(create(CommandStatementUpdateSchema, { query: sql })) }),
    ),
  );
  const results: PutResult[] = [];
  for await (const answer of answers) results.push(answer);
  if (results.length !== 1) throw new Error(`${results.length} answers`);
  return fromBinary(DoPutUpdateResultSchema, results[0]!.appMetadata).recordCount;
}

export async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** Rows as plain objects of apache-arrow's own values, bigint and text made comparable. */
export function rows(table: Table): Record<string, unknown>[] {
  return table.toArray().map((row) => row.toJSON());
}

export async function failure(promise: Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await promise;
  } catch (reason) {
    const { code, rawMessage } = reason as { code: number; rawMessage: string };
    return { code, message: rawMessage };
  }
  throw new Error("it should have failed");
}
