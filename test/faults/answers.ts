// What a well-behaved Flight SQL server answers, as messages of bytes: faults are put in between.

import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { type RecordBatch, tableFromArrays } from "apache-arrow";
import { BatchEncoder, writeSchema } from "../../src/arrow/encode.ts";
import {
  ActionSchema,
  CancelFlightInfoResultSchema,
  FlightDataSchema,
  FlightInfoSchema,
  HandshakeResponseSchema,
  PollInfoSchema,
  PutResultSchema,
  ResultSchema,
  SchemaResultSchema,
} from "../../src/gen/Flight_pb.ts";
import {
  ActionBeginTransactionResultSchema,
  ActionCreatePreparedStatementResultSchema,
  DoPutUpdateResultSchema,
} from "../../src/gen/FlightSql_pb.ts";

/** A batch with one int32 column `n`. */
export const numbers = (...n: number[]): RecordBatch => column(Int32Array.from(n));

export function column(n: Int32Array): RecordBatch {
  return tableFromArrays({ n }).batches[0]!;
}

/** The values that a good result has: three batches of two. */
export const goodRows: readonly number[] = [1, 2, 3, 4, 5, 6];
const goodBatches = [numbers(1, 2), numbers(3, 4), numbers(5, 6)];

const bytes = <T extends DescMessage>(type: T, fields: MessageInitShape<T>): Uint8Array =>
  toBinary(type, create(type, fields));

const inAny = <T extends DescMessage>(type: T, fields: MessageInitShape<T>): Uint8Array =>
  bytes(AnySchema, { typeUrl: `type.googleapis.com/${type.typeName}`, value: bytes(type, fields) });

/** The FlightData messages of batches: their schema first. */
export function resultMessages(batches: readonly RecordBatch[] = goodBatches): Uint8Array[] {
  const encoder = new BatchEncoder(batches[0]!.schema);
  return [encoder.schema(), ...batches.flatMap((batch) => encoder.batch(batch))].map(({ header, body }) =>
    bytes(FlightDataSchema, { dataHeader: header, dataBody: body }),
  );
}

const info = {
  schema: writeSchema(goodBatches[0]!.schema),
  endpoint: [{ ticket: { ticket: Uint8Array.of(1) } }],
  totalRecords: -1n,
  totalBytes: -1n,
};

/** What DoPut answers when all went well: so many rows. */
export function putResult(rows: bigint): Uint8Array {
  return bytes(PutResultSchema, { appMetadata: bytes(DoPutUpdateResultSchema, { recordCount: rows }) });
}

/** A PollInfo; one that is not complete is to be asked again. */
export function pollInfo(isComplete: boolean): Uint8Array {
  return bytes(PollInfoSchema, {
    ...(isComplete ? { info, progress: 1 } : { progress: 0.5, flightDescriptor: { cmd: Uint8Array.of(7) } }),
  });
}

/** The messages of a good answer. */
export function goodMessages(method: string, request: readonly Uint8Array[]): Uint8Array[] {
  switch (method) {
    case "GetFlightInfo":
      return [bytes(FlightInfoSchema, info)];
    case "PollFlightInfo":
      return [pollInfo(true)];
    case "GetSchema":
      return [bytes(SchemaResultSchema, { schema: info.schema })];
    case "DoGet":
      return resultMessages();
    case "DoPut":
      return [putResult(3n)];
    case "Handshake":
      return [bytes(HandshakeResponseSchema, { protocolVersion: 1n })];
    case "DoAction":
      return actionResult(fromBinary(ActionSchema, request[0] ?? new Uint8Array(0)).type).map((body) =>
        bytes(ResultSchema, { body }),
      );
    default:
      return [];
  }
}

function actionResult(type: string): Uint8Array[] {
  switch (type) {
    case "BeginTransaction":
      return [inAny(ActionBeginTransactionResultSchema, { transactionId: Uint8Array.of(9) })];
    case "CreatePreparedStatement":
      return [inAny(ActionCreatePreparedStatementResultSchema, { preparedStatementHandle: Uint8Array.of(8) })];
    case "CancelFlightInfo":
      return [bytes(CancelFlightInfoResultSchema, { status: 1 })];
    default:
      return [];
  }
}
