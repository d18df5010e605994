/** What a link to the page can bring: a query and, when it was another than the page's own, the server to ask. */
export interface Shared {
  sql: string;
  server?: string;
}

/** Characters of a query that a link may bring; a few compressed bytes could otherwise fill the memory. */
const LIMIT = 1_000_000;

/**
 * The part of a link behind `#`: the query compressed (`z`) or as it is (`p`), in base64url. No token, user name or
 * metadata ever goes in.
 */
export async function toHash({ sql, server }: Shared): Promise<string> {
  const bytes = new TextEncoder().encode(sql);
  const packed = await through(bytes, () => new CompressionStream("deflate-raw")).catch(() => undefined);
  const text = packed && packed.length < bytes.length ? `z${base64url(packed)}` : `p${base64url(bytes)}`;
  return `#sql=${text}${server === undefined ? "" : `&server=${encodeURIComponent(server)}`}`;
}

/** What a link brings; undefined when it brings no query. Throws an error with words for people when it is damaged. */
export async function fromHash(hash: string): Promise<Shared | undefined> {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const text = fields.get("sql");
  if (text === null) return undefined;
  const sql = await unpack(text);
  const server = fields.get("server");
  return server !== null && isAddress(server) ? { sql, server } : { sql };
}

async function unpack(text: string): Promise<string> {
  try {
    const bytes = fromBase64url(text.slice(1));
    const plain = text[0] === "z" ? await through(bytes, () => new DecompressionStream("deflate-raw")) : bytes;
    if (text[0] !== "z" && text[0] !== "p") throw new TypeError("an unknown form");
    return new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (cause) {
    throw new Error("The query in this link cannot be read: it was cut off or changed on its way.", { cause });
  }
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  make: () => CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const reader = new Blob([bytes]).stream().pipeThrough(make()).getReader();
  const chunks: BlobPart[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    length += value.length;
    if (length > LIMIT) throw new RangeError(`more than ${LIMIT} bytes`);
    chunks.push(value);
  }
}

function base64url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
