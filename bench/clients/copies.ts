// Counts how often JavaScript copies a byte of a result: the ways to copy bytes are wrapped before the client is loaded, so
// the figure is what ran, not what the source promises. The argument says whose client: "reader" or "flightsql".
// Not seen: the kernel's copy into node's read buffer, the same for both.

import { Readable } from "node:stream";
import { serveJobs } from "../harness/client.ts";
import { type Client, type Data, openClient } from "./ours.ts";
import { openSession, readMessages } from "./wire.ts";

let copied = 0;

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Replaces a method by one that afterwards adds to `copied` what `count` says of the call. */
function wrap(owner: object, name: string, count: (args: unknown[], result: unknown) => number): void {
  const original = Reflect.get(owner, name) as Method;
  const counting: Method = function (...args) {
    const result = Reflect.apply(original, this, args);
    copied += count(args, result);
    return result;
  };
  Reflect.defineProperty(owner, name, { value: counting, configurable: true, writable: true });
}

const size = (value: unknown): number =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : 0;
const result = (_: unknown[], made: unknown): number => size(made);

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
wrap(typedArray, "set", ([source]) => size(source));
wrap(typedArray, "slice", result);
wrap(ArrayBuffer.prototype, "slice", result);
wrap(Buffer.prototype, "copy", (_, bytes) => Number(bytes));
wrap(Buffer, "concat", result);
wrap(Buffer, "from", ([source], made) => (source instanceof ArrayBuffer ? 0 : size(made)));

// `new Uint8Array(view)` copies, and so do the other constructors; `x.constructor` has to stay the one everybody sees.
for (const array of [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
]) {
  const counting = new Proxy(array, {
    construct(target, args: unknown[], newTarget) {
      if (ArrayBuffer.isView(args[0])) copied += args[0].byteLength;
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  Reflect.set(array.prototype, "constructor", counting);
  Reflect.set(globalThis, array.name, counting);
}

// A paused stream's read(), so also `for await`, joins all chunks that wait: node does that out of reach of the above.
interface Waiting {
  readonly _readableState: { buffer: { first?: () => unknown; [index: number]: unknown }; bufferIndex?: number };
}
const read = Readable.prototype.read;
Readable.prototype.read = function (this: Readable & Waiting, n?: number): unknown {
  const { buffer, bufferIndex } = this._readableState;
  const first = buffer.first === undefined ? buffer[bufferIndex ?? 0] : buffer.first(); // node 20, node 22
  const chunk: unknown = Reflect.apply(read, this, n === undefined ? [] : [n]);
  if (ArrayBuffer.isView(first) && ArrayBuffer.isView(chunk) && first.buffer !== chunk.buffer)
    copied += chunk.byteLength;
  return chunk;
};

/** The ArrayBuffers a table's values stand in. */
function standsIn(data: readonly Data[], into: Set<ArrayBufferLike> = new Set()): Set<ArrayBufferLike> {
  for (const { buffers, children, dictionary } of data) {
    for (const buffer of Array.from(buffers)) if (buffer !== undefined) into.add(buffer.buffer);
    standsIn(children, into);
    if (dictionary !== undefined) standsIn(dictionary.data, into);
  }
  return into;
}

interface Result {
  bytes: number;
  buffers: Set<ArrayBufferLike>;
}

async function byReader(url: string, statement: string): Promise<Result> {
  const session = openSession(url);
  const messages = await readMessages(session, statement);
  session.close();
  const bytes = messages.reduce((sum, message) => sum + message.length, 0);
  return { bytes, buffers: new Set(messages.map((message) => message.buffer)) };
}

let client: Client | undefined;
async function byFlightsql(url: string, statement: string): Promise<Result> {
  client ??= await openClient(url);
  const { data } = await client.query(statement).table();
  return { bytes: data.reduce((sum, { byteLength }) => sum + byteLength, 0), buffers: standsIn(data) };
}

const ask = process.argv[2] === "reader" ? byReader : byFlightsql;
await serveJobs(
  async ({ url, statement }) => {
    copied = 0;
    const { bytes, buffers } = await ask(url, statement);
    const copies = copied / bytes;
    // More than the result has would be memory that stays pinned beside it.
    const kept = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0) / bytes;
    return { bytes, copies, kept };
  },
  async () => client?.close(),
);
