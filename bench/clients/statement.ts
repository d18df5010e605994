// What binding and running a prepared statement comes down to on the wire: DoPut, GetFlightInfo, DoGet.

import type { ClientHttp2Session } from "node:http2";
import { Int64, type RecordBatch, Table, tableToIPC, vectorFromArray } from "apache-arrow";
import { call, field, readField } from "./wire.ts";

export interface Statement {
  /** Binds one integer, runs the query and gives the messages of its result. */
  run(session: ClientHttp2Session, parameter: number): Promise<Uint8Array[]>;
}

const sql = "type.googleapis.com/arrow.flight.protocol.sql.";
const pack = (name: string, value: Uint8Array): Buffer =>
  Buffer.concat([field(1, Buffer.from(sql + name)), field(2, value)]);

/** Prepares a statement of one integer parameter. What it sends for the parameters 1 to 4 is encoded here, once. */
export async function prepareRaw(session: ClientHttp2Session, text: string): Promise<Statement> {
  const request = pack("ActionCreatePreparedStatementRequest", field(1, Buffer.from(text)));
  const action = Buffer.concat([field(1, Buffer.from("CreatePreparedStatement")), field(2, request)]);
  const [result] = await call(session, "DoAction", action);
  const handle = readField(readField(readField(result!, 1)!, 2)!, 1)!;
  const command = pack("CommandPreparedStatementQuery", field(1, handle));
  // FlightDescriptor { type = CMD, cmd }
  const descriptor = Buffer.concat([Buffer.from([0x08, 2]), field(2, command)]);
  const uploads = [1, 2, 3, 4].map((parameter) => parameterMessages(descriptor, parameter));
  return {
    async run(to, parameter) {
      await call(to, "DoPut", ...uploads[parameter - 1]!);
      const [info] = await call(to, "GetFlightInfo", descriptor);
      // FlightInfo.endpoint[0].ticket, which is what DoGet takes
      return await call(to, "DoGet", readField(readField(info!, 3)!, 1)!);
    },
  };
}

/** FlightData { descriptor, header = schema } and FlightData { header, body } of a batch of one integer. */
function parameterMessages(descriptor: Uint8Array, parameter: number): Uint8Array[] {
  const vector = vectorFromArray([BigInt(parameter)], new Int64());
  const { batches } = new Table({ "1": vector });
  const stream = tableToIPC(new Table(batches as RecordBatch[]), "stream");
  // An encapsulated message: a marker, the header's length, the header, the body. The stream's end is eight bytes more.
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const schemaEnd = 8 + view.getInt32(4, true);
  const headEnd = schemaEnd + 8 + view.getInt32(schemaEnd + 4, true);
  const schema = stream.subarray(8, schemaEnd);
  const head = stream.subarray(schemaEnd + 8, headEnd);
  const body = stream.subarray(headEnd, stream.length - 8);
  return [Buffer.concat([field(1, descriptor), field(2, schema)]), Buffer.concat([field(2, head), field(1000, body)])];
}
