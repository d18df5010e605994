import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

const headers: Readonly<Record<string, string>> = {
  // Scripts of the page's own files alone. It may call any server its user names; the editor writes style elements.
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "worker-src 'self' blob:",
    "connect-src 'self' http: https:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  // Files change under the same name while the page is worked on.
  "cache-control": "no-cache",
};

/** Serves the files of a folder, `index.html` for its root. */
export function staticFiles(folder: string): (request: IncomingMessage, response: ServerResponse) => void {
  const root = resolve(folder);
  return (request, response) => {
    serve(root, request, response).catch(() => response.destroy());
  };
}

async function serve(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return plain(response, 405, "Only GET is answered here.");
  const path = locate(root, request.url ?? "/");
  const found = path === null ? null : await stat(path).catch(() => null);
  if (path === null || !found?.isFile()) return plain(response, 404, "Nothing is here.");
  response.writeHead(200, {
    ...headers,
    "content-type": types[extname(path)] ?? "application/octet-stream",
    "content-length": found.size,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(path), response);
}

/** The file a URL means; null when it is outside the folder or not a path. */
function locate(root: string, url: string): string | null {
  let name: string;
  try {
    name = decodeURIComponent(url.split(/[?#]/, 1)[0]!);
  } catch {
    return null;
  }
  if (name.includes("\0")) return null;
  const path = join(root, normalize(`/${name}`), name.endsWith("/") ? "index.html" : "");
  return path.startsWith(root + sep) ? path : null;
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
