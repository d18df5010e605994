import type { ClientHttp2Stream } from "node:http2";
import { Socket } from "node:net";
import type { Sink } from "./http.ts";

/**
 * Has node:http2 write a stream's bytes straight into the sink's memory, as `onread` of `net.Socket` does for sockets.
 *
 * Otherwise node makes an ArrayBuffer of each 64 KB that it reads. V8 counts those as memory under pressure, and in any
 * process with more than 8 MB of heap starts a full collection for about every 25 MB of them: while 280 MB came in, the
 * collector took more CPU time than reading and copying together (0.27 s of 0.43 s; heap 13 MB, Node 20).
 *
 * http2 offers no such option, although its streams are made of the same parts: the parts are looked up by name, and
 * where any is missing, chunks come as `data` events as ever.
 *
 * @param stream has nothing buffered, and is flowing
 * @returns how to stop and restart it, since the stream itself no longer knows; undefined where it does not work
 */
export function receiveInto(
  stream: ClientHttp2Stream,
  sink: Sink,
  after: (wantsMore: boolean) => void,
): Flow | undefined {
  if (parts === undefined) return undefined;
  parts.handle ??= symbolOf(stream, "kHandle");
  const { handle, buffer, callback, next } = parts;
  if (handle === undefined) return undefined;
  const fields = stream as unknown as Record<symbol, unknown>;
  const native = (): Partial<NativeStream> | undefined => fields[handle] as Partial<NativeStream> | undefined;
  const { useUserBuffer, readStart, readStop } = native() ?? {};
  if (useUserBuffer === undefined || readStart === undefined || readStop === undefined) return undefined;
  // Node holds only the address: what keeps the memory alive is that the stream refers to it.
  const target = sink.target();
  fields[buffer] = target;
  fields[callback] = (bytes: number): boolean => {
    after(sink.wrote(bytes));
    return true;
  };
  fields[next] = () => sink.target();
  useUserBuffer.call(native(), target);
  return { start: () => native()?.readStart?.(), stop: () => native()?.readStop?.() };
}

export interface Flow {
  start(): void;
  stop(): void;
}

interface NativeStream {
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): void;
  readStop(): void;
}

interface Parts {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly next: symbol;
  handle: symbol | undefined;
}

const parts: Parts | undefined = findParts();

function findParts(): Parts | undefined {
  const socket = new Socket({ onread: { buffer: new Uint8Array(1), callback: () => true } } as object);
  const buffer = symbolOf(socket, "kBuffer");
  const callback = symbolOf(socket, "kBufferCb");
  const next = symbolOf(socket, "kBufferGen");
  socket.destroy();
  if (buffer === undefined || callback === undefined || next === undefined) return undefined;
  return { buffer, callback, next, handle: undefined };
}

function symbolOf(object: object, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find(({ description }) => description === name);
}
