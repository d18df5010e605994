import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createRouterTransport, type HandlerContext, type Transport } from "@connectrpc/connect";
import { type RecordBatch, type Schema, tableFromArrays } from "apache-arrow";
import { BatchEncoder, type IpcMessage, writeSchema } from "../../src/arrow/encode.ts";
import { type FlightDataSchema, FlightInfoSchema, FlightService } from "../../src/gen/Flight_pb.ts";

export type DataInit = MessageInitShape<typeof FlightDataSchema>;

/** What a scripted server streams for one endpoint. */
export type Script = (context: HandlerContext) => AsyncIterable<DataInit> | Iterable<DataInit>;

export interface Scripted {
  /** One for each endpoint. */
  endpoints: Script[];
  /** Of the FlightInfo; left out by default. */
  schema?: Schema;
  ordered?: boolean;
  totalRecords?: bigint;
}

/**
 * A Flight service in the same process, without a socket: any client method can be given exactly the messages that a
 * server might send. `GetFlightInfo` answers with the script, `DoGet` with the endpoint's messages.
 */
export function scriptedTransport(script: Scripted): Transport {
  return createRouterTransport(({ service }) => {
    service(FlightService, {
      getFlightInfo: () =>
        create(FlightInfoSchema, {
          schema: script.schema === undefined ? new Uint8Array(0) : writeSchema(script.schema),
          endpoint: script.endpoints.map((_, i) => ({ ticket: { ticket: Uint8Array.of(i) } })),
          ordered: script.ordered ?? false,
          totalRecords: script.totalRecords ?? -1n,
          totalBytes: -1n,
        }),
      async *doGet({ ticket }, context) {
        yield* script.endpoints[ticket[0]!]!(context);
      },
    });
  });
}

/** Batches as the messages of one stream, schema first. */
export function* messages(batches: readonly RecordBatch[], schema?: Schema): Generator<DataInit> {
  const encoder = new BatchEncoder(schema ?? batches[0]!.schema);
  yield toData(encoder.schema());
  for (const batch of batches) for (const message of encoder.batch(batch)) yield toData(message);
}

export function toData({ header, body }: IpcMessage): DataInit {
  return { dataHeader: header, dataBody: body };
}

/** A batch with one int32 column `n`. */
export function numbers(...n: number[]): RecordBatch {
  return tableFromArrays({ n: Int32Array.from(n) }).batches[0]!;
}
