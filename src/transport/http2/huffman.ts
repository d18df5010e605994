import { errorCode, Http2Error } from "./frames.ts";

// RFC 7541, appendix B: the length in bits of each byte's code, and of the end mark's, which is the 257th. The code is
// canonical, so the lengths say it all.
const lengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const longest = 30;
const endMark = 256;

/** By length: the first code of that length, and where its symbol stands in `symbols`. */
const firstCode = new Uint32Array(longest + 1);
const firstSymbol = new Uint16Array(longest + 2);
/** In the order of their codes. */
const symbols = lengths
  .map((_, symbol) => symbol)
  .sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
for (let length = 1, code = 0, at = 0; length <= longest; length++, code <<= 1) {
  firstCode[length] = code;
  firstSymbol[length] = at;
  while (at < symbols.length && lengths[symbols[at] as number] === length) {
    at++;
    code++;
  }
  firstSymbol[length + 1] = at;
}

/** The text of a Huffman-coded header string. */
export function huffmanDecode(bytes: Uint8Array): string {
  const out: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      length++;
      const nth = code - (firstCode[length] as number);
      const at = (firstSymbol[length] as number) + nth;
      if (nth < 0 || at >= (firstSymbol[length + 1] as number)) {
        if (length === longest) throw malformed();
        continue;
      }
      const symbol = symbols[at] as number;
      if (symbol === endMark) throw malformed();
      out.push(symbol);
      code = length = 0;
    }
  }
  // What fills the last byte is the beginning of the end mark, which is all ones.
  if (length > 7 || code !== (1 << length) - 1) throw malformed();
  return String.fromCharCode(...out);
}

function malformed(): Http2Error {
  return new Http2Error(errorCode.compressionError, "a header string is not Huffman code");
}
