import { type Client, createClient } from "@connectrpc/connect";
import { FlightService } from "../../src/gen/Flight_pb.ts";
import type { ChunkSink, HttpClient, HttpRequest, ResponseBody } from "../../src/transport/http.ts";
import { createTransport, type TransportOptions } from "../../src/transport/transport.ts";

/** What a scripted server answers. */
export interface Answer {
  protocol?: HttpClient["protocol"];
  status?: number;
  header?: Record<string, string>;
  /** Chunks of the body; an Error among them breaks the connection there. */
  body?: readonly (Uint8Array | Error)[];
  trailer?: Record<string, string>;
  /** How many complete bytes may wait before the body is stopped. Default 1 MiB. */
  readAheadBytes?: number;
}

export interface ScriptedHttp {
  http: HttpClient;
  requests: HttpRequest[];
  /** Chunks handed out so far, and whether the exchange was cancelled. */
  seen: { chunks: number; cancelled: boolean };
}

/** An HTTP client without a network. */
export function scriptedHttp(answer: Answer): ScriptedHttp {
  const requests: HttpRequest[] = [];
  const seen = { chunks: 0, cancelled: false };
  const http: HttpClient = {
    protocol: answer.protocol ?? "grpc",
    readAheadBytes: answer.readAheadBytes ?? 1 << 20,
    allocate: (bytes) => new ArrayBuffer(bytes),
    close: () => {},
    async request(request) {
      requests.push(request);
      const trailer = new Headers();
      const chunks = [...(answer.body ?? [])];
      const body: ResponseBody = {
        cancel: () => {
          seen.cancelled = true;
        },
        async read(sink: ChunkSink) {
          for (;;) {
            // As on a network: the consumer has its turn between two chunks.
            await new Promise((resolve) => setTimeout(resolve, 0));
            const chunk = chunks.shift();
            if (chunk === undefined) break;
            if (chunk instanceof Error) throw chunk;
            seen.chunks++;
            if (!sink.take(chunk)) return true;
          }
          for (const [name, value] of Object.entries(answer.trailer ?? {})) trailer.append(name, value);
          return false;
        },
      };
      const header = new Headers(answer.header ?? { "content-type": "application/grpc" });
      return { status: answer.status ?? 200, header, body, trailer };
    },
  };
  return { http, requests, seen };
}

export function clientOf(
  scripted: ScriptedHttp,
  options: Partial<TransportOptions> = {},
): Client<typeof FlightService> {
  return createClient(
    FlightService,
    createTransport(scripted.http, { baseUrl: "http://scripted.example", ...options }),
  );
}

/** `[flags] [length] [data]` */
export function envelope(data: Uint8Array, flags = 0): Uint8Array {
  const out = new Uint8Array(5 + data.byteLength);
  out[0] = flags;
  new DataView(out.buffer).setUint32(1, data.byteLength);
  out.set(data, 5);
  return out;
}

export function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

/** A gRPC-Web trailer frame. */
export function webTrailer(text: string): Uint8Array {
  return envelope(new TextEncoder().encode(text), 0x80);
}

/** Cut into pieces of so many bytes. */
export function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, i) => bytes.slice(i * size, i * size + size));
}
