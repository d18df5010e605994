import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isSecret } from "../bridge/secret.ts";

/**
 * Keeps other users of this machine from a server that calls with our credentials: who opens the page with its key gets
 * a cookie, and all else is refused without it.
 */
export class KeyGate {
  readonly #key = randomBytes(24).toString("base64url");

  /** What is behind the address when the page is opened. */
  get query(): string {
    return `?key=${this.#key}`;
  }

  /** Whether a request may pass; it is answered when it may not. The key's cookie is taken out of it. */
  admit(request: IncomingMessage, response: ServerResponse): boolean {
    // Cookies do not tell ports apart (RFC 6265 §8.5).
    const name = `flightsql-${request.socket.localPort}`;
    const cookies = (request.headers.cookie ?? "").split(/;\s*/);
    const ours = cookies.filter((cookie) => cookie.startsWith(`${name}=`));
    const others = cookies.filter((cookie) => cookie !== "" && !ours.includes(cookie));
    if (others.length > 0) request.headers.cookie = others.join("; ");
    else delete request.headers.cookie;
    if (ours.some((cookie) => isSecret(cookie.slice(name.length + 1), this.#key))) return true;
    const given = new URL(request.url ?? "/", "http://localhost").searchParams.get("key");
    if (request.method === "GET" && given !== null && isSecret(given, this.#key)) {
      response.writeHead(303, {
        location: "/",
        "set-cookie": `${name}=${this.#key}; HttpOnly; SameSite=Strict; Path=/`,
      });
      response.end();
    } else {
      response.writeHead(403, { "content-type": "text/plain; charset=utf-8", connection: "close" });
      response.end("Open the address that flightsql playground printed: it has a key.\n");
    }
    return false;
  }
}
