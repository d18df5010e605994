import { errorCode, Http2Error } from "./frames.ts";
import { huffmanDecode } from "./huffman.ts";

export type HeaderField = readonly [name: string, value: string];

// RFC 7541, appendix A.
const staticTable: readonly HeaderField[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ...[
    ["accept-language", "accept-ranges", "accept", "access-control-allow-origin", "age", "allow", "authorization"],
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-length"],
    ["content-location", "content-range", "content-type", "cookie", "date", "etag", "expect", "expires", "from"],
    ["host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified"],
    ["link", "location", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh"],
    ["retry-after", "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary"],
    ["via", "www-authenticate"],
  ]
    .flat()
    .map((name): HeaderField => [name, ""]),
];

const staticNames = new Map<string, number>();
const staticFields = new Map<string, number>();
staticTable.forEach(([name, value], i) => {
  if (!staticNames.has(name)) staticNames.set(name, i + 1);
  staticFields.set(`${name}\0${value}`, i + 1);
});

/**
 * A header block that leaves no trace in the server's dynamic table: the static table's fields by number, all others
 * literally and without Huffman code. A call's few fields are worth less than what finding them again would cost.
 */
export function encodeHeaders(fields: Iterable<HeaderField>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) {
    const whole = staticFields.get(`${name}\0${value}`);
    if (whole !== undefined) {
      parts.push(integer(0x80, 7, whole));
      continue;
    }
    // RFC 7541, 7.1.3: "never indexed" keeps proxies from storing it in a table that others can probe.
    const literal = name === "authorization" || name === "cookie" ? 0x10 : 0x00;
    const known = staticNames.get(name) ?? 0;
    parts.push(integer(literal, 4, known));
    if (known === 0) parts.push(...text(name));
    parts.push(...text(value));
  }
  return Buffer.concat(parts);
}

function text(value: string): [Buffer, Buffer] {
  const bytes = Buffer.from(value, "latin1");
  return [integer(0, 7, bytes.length), bytes];
}

/** RFC 7541, 5.1. */
function integer(pattern: number, bits: number, value: number): Buffer {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.of(pattern | value);
  const bytes = [pattern | most];
  let rest = value - most;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** What we let a server's dynamic table take: the default of SETTINGS_HEADER_TABLE_SIZE. */
const maxTableBytes = 4096;
/** RFC 7541, 4.1: what an entry counts beyond its text. */
const entryBytes = 32;

/** Header blocks of one connection, whose every block must pass here, in order. */
export class HeaderDecoder {
  readonly #limit: number;
  /** Newest first. */
  readonly #table: HeaderField[] = [];
  #tableBytes = 0;
  #maxTableBytes = maxTableBytes;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** @param limit bytes of one block's fields, counted as SETTINGS_MAX_HEADER_LIST_SIZE does */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The fields of a block, or null when they exceed the limit. */
  decode(block: Uint8Array): HeaderField[] | null {
    this.#bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    this.#at = 0;
    const fields: HeaderField[] = [];
    let bytes = 0;
    while (this.#at < block.length) {
      const field = this.#field();
      if (field === undefined) continue;
      bytes += size(field);
      if (bytes <= this.#limit) fields.push(field);
    }
    return bytes <= this.#limit ? fields : null;
  }

  /** One representation (RFC 7541, 6); undefined when it only changes the table. */
  #field(): HeaderField | undefined {
    const first = this.#bytes[this.#at] as number;
    if (first & 0x80) return this.#entry(this.#integer(7));
    if (first & 0x40) {
      const field = this.#literal(6);
      this.#insert(field);
      return field;
    }
    if (first & 0x20) {
      const bytes = this.#integer(5);
      if (bytes > maxTableBytes) throw malformed("its dynamic table is larger than allowed");
      this.#maxTableBytes = bytes;
      this.#evict();
      return undefined;
    }
    return this.#literal(4);
  }

  #literal(bits: number): HeaderField {
    const index = this.#integer(bits);
    const name = index === 0 ? this.#text() : this.#entry(index)[0];
    return [name, this.#text()];
  }

  #entry(index: number): HeaderField {
    const entry = index <= staticTable.length ? staticTable[index - 1] : this.#table[index - 1 - staticTable.length];
    if (entry === undefined) throw malformed(`it has no entry ${index}`);
    return entry;
  }

  #insert(field: HeaderField): void {
    this.#table.unshift(field);
    this.#tableBytes += size(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#maxTableBytes) this.#tableBytes -= size(this.#table.pop() as HeaderField);
  }

  #integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.#byte() & most;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      // 28 bits are more than any block of ours can be long.
      if (shift > 21) throw malformed("a number in it is too large");
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  #text(): string {
    const isHuffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw malformed("a string goes beyond its end");
    return isHuffman
      ? huffmanDecode(this.#bytes.subarray(start, this.#at))
      : this.#bytes.toString("latin1", start, this.#at);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed("it ends in the middle of a field");
    return byte;
  }
}

function size([name, value]: HeaderField): number {
  return name.length + value.length + entryBytes;
}

function malformed(what: string): Http2Error {
  return new Http2Error(errorCode.compressionError, `a header block cannot be read: ${what}`);
}
