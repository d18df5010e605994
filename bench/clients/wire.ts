// As much of gRPC as a hand-written reader needs: calls over node:http2, messages as fresh buffers.

import { type ClientHttp2Session, connect, constants } from "node:http2";

const windowBytes = 16 << 20;
const frameBytes = 1 << 20;

/** A connection with both HTTP/2 windows at 16 MB and frames of up to 1 MB: the best that was measured on loopback. */
export function openSession(url: string): ClientHttp2Session {
  const session = connect(url.replace(/^grpc:/, "http:"), {
    settings: { initialWindowSize: windowBytes, maxFrameSize: frameBytes, enablePush: false },
  });
  session.once("connect", () => session.setLocalWindowSize(windowBytes));
  return session;
}

/** Every message of a DoGet, each in a buffer of its own that its bytes were copied into once. */
export function readMessages(session: ClientHttp2Session, ticket: string): Promise<Uint8Array[]> {
  return call(session, "DoGet", field(1, Buffer.from(ticket)));
}

/** What a query of one endpoint comes down to: GetFlightInfo, whose answer nobody decodes, and DoGet. */
export async function callTwice(session: ClientHttp2Session, statement: string): Promise<Uint8Array[]> {
  // FlightDescriptor { type = CMD, cmd = Any { type_url, value = CommandStatementQuery { query } } }
  const url = Buffer.from("type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery");
  const any = Buffer.concat([field(1, url), field(2, field(1, Buffer.from(statement)))]);
  await call(session, "GetFlightInfo", Buffer.concat([Buffer.from([0x08, 2]), field(2, any)]));
  return await call(session, "DoGet", field(1, Buffer.from(statement)));
}

/** One length-delimited field of a protobuf message. */
export function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(varint((number << 3) | 2)), Buffer.from(varint(value.length)), value]);
}

/** The first length-delimited field of that number, in a message that has only varints beside those. */
export function readField(message: Uint8Array, number: number): Uint8Array | undefined {
  let at = 0;
  const next = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = next();
    const value = next();
    if ((tag & 7) !== 2) continue;
    if (tag >> 3 === number) return message.subarray(at, at + value);
    at += value;
  }
  return undefined;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** What precedes a message on the wire. */
export function envelopeHead(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5); // no flags, then the length
  head.writeUInt32BE(message.length, 1);
  return head;
}

/** One call: its requests, in one piece, and all its answers. */
export function call(
  session: ClientHttp2Session,
  method: string,
  ...requests: readonly Uint8Array[]
): Promise<Uint8Array[]> {
  const stream = session.request({
    ":method": "POST",
    ":path": `/arrow.flight.protocol.FlightService/${method}`,
    "content-type": "application/grpc+proto",
    te: "trailers",
  });
  stream.end(Buffer.concat(requests.flatMap((request) => [envelopeHead(request), request])));

  const messages: Uint8Array[] = [];
  const prefix = new Uint8Array(5);
  let prefixFilled = 0;
  let message: Uint8Array | undefined;
  let filled = 0;
  stream.on("data", (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length) {
      if (message === undefined) {
        prefix[prefixFilled++] = chunk[at++]!;
        if (prefixFilled < 5) continue;
        prefixFilled = 0;
        filled = 0;
        const length = ((prefix[1]! << 24) | (prefix[2]! << 16) | (prefix[3]! << 8) | prefix[4]!) >>> 0;
        message = Buffer.allocUnsafeSlow(length); // not zeroed: every byte is written below
      }
      const take = Math.min(chunk.length - at, message.length - filled);
      message.set(take === chunk.length ? chunk : chunk.subarray(at, at + take), filled);
      at += take;
      filled += take;
      if (filled === message.length) {
        messages.push(message);
        message = undefined;
      }
    }
  });
  return new Promise((resolve, reject) => {
    stream.once("trailers", (trailers) => {
      if (trailers["grpc-status"] !== "0")
        reject(new Error(`grpc-status ${trailers["grpc-status"]}: ${trailers["grpc-message"]}`));
    });
    stream.once("error", reject);
    stream.once("close", () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR)
        reject(new Error(`the stream was reset with code ${stream.rstCode}`));
      else resolve(messages);
    });
  });
}
