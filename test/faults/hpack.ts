// HPACK (RFC 7541) as far as a server in a test needs it: it reads whatever a client writes, and writes plain literals.

const staticTable: readonly (readonly [string, string])[] = (
  ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|" +
  ":status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|" +
  "accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|" +
  "content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|" +
  "cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|" +
  "last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|" +
  "server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
)
  .split("|")
  .map((entry) => {
    const [name = "", value = ""] = entry.split("=");
    return [name, value] as const;
  });

// Appendix B is a canonical code: codes count up within a length, and double where the length grows. So the symbols in
// the order of their codes are all that is needed; those that no header may contain come behind the last of these.
const huffmanBySize: Readonly<Record<number, string>> = {
  5: "012aceiost",
  6: " %-./3456789=A_bdfghlmnpru",
  7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
  8: "&*,;XZ",
  10: '!"()?',
  11: "'+|",
  12: "#>",
  13: "\u0000$@[]~",
  14: "^}",
  15: "<`{",
  19: "\\",
};

const huffman = new Map<string, string>();
{
  let code = 0;
  for (let bits = 5; bits <= 19; bits++) {
    for (const symbol of huffmanBySize[bits] ?? "") huffman.set((code++).toString(2).padStart(bits, "0"), symbol);
    code *= 2;
  }
}

function unhuffman(bytes: Uint8Array): string {
  let text = "";
  let code = "";
  for (const byte of bytes)
    for (const bit of byte.toString(2).padStart(8, "0")) {
      code += bit;
      const symbol = huffman.get(code);
      if (symbol === undefined) continue;
      text += symbol;
      code = "";
    }
  // What is left over is padding: at most seven ones.
  if (code.length > 7 || code.includes("0")) throw new Error(`not a Huffman code of a header: ${code}`);
  return text;
}

/** Reads the header blocks of one connection, in order. */
export class HpackDecoder {
  #dynamic: (readonly [string, string])[] = [];
  #limit = 4096;

  decode(block: Uint8Array): Map<string, string> {
    const fields = new Map<string, string>();
    let at = 0;
    const integer = (prefix: number): number => {
      const mask = 2 ** prefix - 1;
      let value = block[at++]! & mask;
      if (value < mask) return value;
      for (let shift = 0; ; shift += 7) {
        const byte = block[at++]!;
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
    };
    const text = (): string => {
      const isHuffman = (block[at]! & 0x80) !== 0;
      const length = integer(7);
      const bytes = block.subarray(at, at + length);
      at += length;
      return isHuffman ? unhuffman(bytes) : Buffer.from(bytes).toString("latin1");
    };
    const entry = (index: number): readonly [string, string] => {
      const found =
        index <= staticTable.length ? staticTable[index - 1] : this.#dynamic[index - staticTable.length - 1];
      if (found === undefined) throw new Error(`no header has the index ${index}`);
      return found;
    };
    while (at < block.length) {
      const byte = block[at]!;
      if (byte >= 0x80) {
        const [name, value] = entry(integer(7));
        fields.set(name, value);
      } else if (byte >= 0x20 && byte < 0x40) {
        this.#limit = integer(5);
        this.#evict();
      } else {
        const isKept = byte >= 0x40;
        const index = integer(isKept ? 6 : 4);
        const name = index === 0 ? text() : entry(index)[0];
        const value = text();
        fields.set(name, value);
        if (!isKept) continue;
        this.#dynamic.unshift([name, value]);
        this.#evict();
      }
    }
    return fields;
  }

  #evict(): void {
    const size = (): number => this.#dynamic.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (this.#dynamic.length > 0 && size() > this.#limit) this.#dynamic.pop();
  }
}

/** Names and values, in order; a name may come more than once. */
export type Fields = readonly (readonly [string, string])[];

/** A header block of literals that no table keeps. */
export function encodeFields(fields: Fields): Uint8Array {
  const text = (value: string): Uint8Array[] => {
    const bytes = Buffer.from(value, "latin1");
    return [integer(bytes.length, 7), bytes];
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Uint8Array.of(0), ...text(name), ...text(value)]));
}

function integer(value: number, prefix: number): Uint8Array {
  const mask = 2 ** prefix - 1;
  if (value < mask) return Uint8Array.of(value);
  const bytes = [mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.from([...bytes, rest]);
}
