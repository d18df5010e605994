import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError, decodeBinaryHeader } from "@connectrpc/connect";

/**
 * The error that a call's status means, or undefined for OK.
 *
 * @param status where `grpc-status` stands: the trailers or, when there is no body, the headers
 * @param metadata headers and trailers, merged: kept on the error
 */
export function statusError(
  status: Headers,
  metadata: Headers,
  protocol: "grpc" | "grpc-web" = "grpc",
): ConnectError | undefined {
  const text = status.get("grpc-status");
  if (text === null) {
    const cut = "the response ended without a gRPC status: the connection was cut, or a proxy removed the trailers";
    // An answer that is all headers has it there, where a page sees only what it is let to.
    const hidden = "; or this page may not see it: Access-Control-Expose-Headers must name grpc-status, grpc-message";
    return new ConnectError(protocol === "grpc" ? cut : cut + hidden, Code.Unavailable, metadata);
  }
  if (/^0+$/.test(text)) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  const code = number >= 1 && number <= 16 ? (number as Code) : Code.Unknown;
  const message = decodeMessage(status.get("grpc-message") ?? "");
  const error = new ConnectError(message === "" ? "the server gave no reason" : message, code, metadata);
  const details = status.get("grpc-status-details-bin");
  if (details !== null) error.details = readDetails(details, code);
  return error;
}

/**
 * The error of a response that is no gRPC response, or undefined.
 *
 * The mapping is gRPC's own: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function httpError(status: number, header: Headers): ConnectError | undefined {
  const type = header.get("content-type") ?? "";
  if (status === 200 && /^application\/grpc(-web)?($|[+;])/.test(type)) return undefined;
  if (status === 200) {
    return new ConnectError(
      `the answer is "${type}", not gRPC: this address is no Flight server`,
      Code.Unknown,
      header,
    );
  }
  const [code, reason] = httpCodes[status] ?? [Code.Unknown, ""];
  return new ConnectError(`HTTP ${status}${reason === "" ? "" : `: ${reason}`}`, code, header);
}

const httpCodes: Readonly<Record<number, readonly [Code, string]>> = {
  400: [Code.Internal, "the server did not understand the request; does it speak this protocol?"],
  401: [Code.Unauthenticated, "credentials are missing or wrong"],
  403: [Code.PermissionDenied, "a proxy or the server refuses this caller"],
  404: [Code.Unimplemented, "no Flight service at this path"],
  405: [Code.Unimplemented, "this address does not take gRPC calls"],
  413: [Code.ResourceExhausted, "a proxy refuses a request of this size"],
  415: [Code.Unimplemented, "the server does not take this content type"],
  429: [Code.Unavailable, "too many requests"],
  431: [Code.Internal, "the request's headers are too large for the server or a proxy"],
  502: [Code.Unavailable, "the proxy cannot reach the server"],
  503: [Code.Unavailable, "the server is not ready"],
  504: [Code.Unavailable, "the proxy gave up waiting for the server"],
};

/** gRPC-Web trailers: `name: value` lines. */
export function parseTrailer(data: Uint8Array): Headers {
  const headers = new Headers();
  // Latin-1, as header bytes are; grpc-message is percent-encoded on top.
  const text = String.fromCharCode(...data.subarray(0, maxTrailerBytes));
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    try {
      headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    } catch {
      // A name or value that HTTP does not allow: the others still tell how the call ended.
    }
  }
  return headers;
}

// fromCharCode takes its bytes as arguments, of which engines allow about this many.
const maxTrailerBytes = 64 * 1024;

/** Headers and trailers in one. */
export function mergeHeaders(a: Headers, b: Headers): Headers {
  const merged = new Headers(a);
  b.forEach((value, name) => {
    merged.append(name, value);
  });
  return merged;
}

/**
 * Undoes percent-encoding as far as it goes.
 *
 * The gRPC specification forbids failing on a bad sequence: servers do write "100% wrong" as it is.
 */
function decodeMessage(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = run
      .split("%")
      .slice(1)
      .map((hex) => Number.parseInt(hex, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}

/**
 * `google.rpc.Status.details`, when the header really is such a status with the same code.
 *
 * Arrow C++ puts raw bytes of its own under this name; those stay in the metadata and never hide the real code.
 */
function readDetails(header: string, code: Code): { type: string; value: Uint8Array }[] {
  try {
    const reader = new BinaryReader(decodeBinaryHeader(header));
    const details: { type: string; value: Uint8Array }[] = [];
    let status = 0;
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === 1) status = reader.int32();
      else if (field === 3) details.push(readAny(new BinaryReader(reader.bytes())));
      else reader.skip(wireType);
    }
    return status === code ? details : [];
  } catch {
    return [];
  }
}

function readAny(reader: BinaryReader): { type: string; value: Uint8Array } {
  let type = "";
  let value = new Uint8Array(0);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) type = reader.string().replace(/^.*\//, "");
    else if (field === 2) value = new Uint8Array(reader.bytes());
    else reader.skip(wireType);
  }
  return { type, value };
}
