import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createHandlerContext } from "@connectrpc/connect";
import { encodeEnvelope, type UniversalHandlerFn, type UniversalServerRequest } from "@connectrpc/connect/protocol";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { FlightDataSchema, FlightService, type Ticket, TicketSchema } from "../gen/Flight_pb.ts";
import { compressedFlag, encodeEnvelope as encodeInChunks } from "../transport/envelope.ts";
import type { Gate } from "./access.ts";
import type { Backend } from "./backend.ts";
import { streamTicket } from "./routes.ts";

// A statement's text may be in it.
const ticketLimit = 64 << 20;

const method = FlightService.method.doGet;

/**
 * DoGet, for gRPC and gRPC-Web.
 *
 * The handler that Connect makes of the route copies each body three times on its way out; here it is sent as it is.
 */
export function doGetHandler(
  backend: Backend,
  shutdownSignal: AbortSignal,
  gate: Gate | undefined,
): UniversalHandlerFn {
  return async (request) => {
    const type = /^application\/grpc(-web)?(\+proto)?$/i.exec(request.header.get("content-type") ?? "");
    if (!type) return { status: 415 };
    if (request.method !== "POST") return { status: 405 };
    const web = type[1] !== undefined;
    const timeout = parseTimeout(request.header.get("grpc-timeout"), Number.MAX_SAFE_INTEGER);
    const context = createHandlerContext({
      service: FlightService,
      method,
      protocolName: web ? "grpc-web" : "grpc",
      requestMethod: request.method,
      url: request.url,
      ...(timeout.timeoutMs !== undefined && { timeoutMs: timeout.timeoutMs }),
      shutdownSignal,
      requestSignal: request.signal,
      requestHeader: request.header,
      responseHeader: { "content-type": `application/grpc${web ? "-web" : ""}+proto` },
      responseTrailer: {},
    });
    const { responseHeader, responseTrailer } = context;
    const body = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        if (timeout.error) throw timeout.error;
        for await (const message of streamTicket(backend, await readTicket(request), context, gate)) {
          yield* encodeInChunks(FlightDataSchema, message);
        }
        setTrailerStatus(responseTrailer, undefined);
      } catch (reason) {
        setTrailerStatus(responseTrailer, ConnectError.from(reason));
      } finally {
        // Whatever still works for this call can stop.
        context.abort();
      }
      if (web) yield encodeEnvelope(trailerFlag, trailerSerialize(responseTrailer));
    };
    return { status: 200, header: responseHeader, body: body(), ...(!web && { trailer: responseTrailer }) };
  };
}

/** The single message of the request. */
async function readTicket({ body }: UniversalServerRequest): Promise<Ticket> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > ticketLimit) {
      throw new ConnectError(`A ticket is at most ${ticketLimit} bytes long.`, Code.ResourceExhausted);
    }
    parts.push(chunk);
  }
  const bytes = Buffer.concat(parts);
  if (bytes.length < 5 || bytes.readUInt32BE(1) !== bytes.length - 5) {
    throw new ConnectError("DoGet takes one message.", Code.InvalidArgument);
  }
  if (bytes[0] === compressedFlag) {
    throw new ConnectError("Compressed messages are not taken.", Code.Unimplemented);
  }
  return fromBinary(TicketSchema, bytes.subarray(5));
}
