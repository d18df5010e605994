import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

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
    if (ours.some((cookie) => this.#isKey(cookie.slice(name.length + 1)))) return true;
    const given = new URL(request.url ?? "/", "http://localhost").searchParams.get("key");
    if (request.method === "GET" && given !== null && this.#isKey(given)) {
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

  #isKey(text: string): boolean {
    const [given, key] = [Buffer.from(text), Buffer.from(this.#key)];
    return given.length === key.length && timingSafeEqual(given, key);
  }
}
