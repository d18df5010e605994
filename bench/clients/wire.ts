// As much of gRPC as a hand-written reader needs: one DoGet over node:http2, messages as fresh buffers.

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
  const text = Buffer.from(ticket);
  if (text.length > 127) throw new RangeError("the ticket does not fit a one-byte length");
  const stream = session.request({
    ":method": "POST",
    ":path": "/arrow.flight.protocol.FlightService/DoGet",
    "content-type": "application/grpc+proto",
    te: "trailers",
  });
  // The envelope (no flags, length) around Ticket { ticket = 1 }
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, text.length + 2, 0x0a, text.length]), text]));

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
