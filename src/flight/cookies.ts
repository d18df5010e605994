/**
 * The cookies of one server, as far as Flight servers use them: sticky sessions and Flight's own session options.
 *
 * RFC 6265 without domains and paths, as Arrow's own clients do it: a cookie goes back to the server it came from.
 */
export class CookieJar {
  readonly #cookies = new Map<string, { value: string; expires: number }>();
  readonly #origin: CookieJar | undefined;

  /** @param origin the jar of the server that named this one: its cookies are sent here too, never the other way */
  constructor(origin?: CookieJar) {
    this.#origin = origin;
  }

  /** Takes every `set-cookie` of a response's headers or trailers. */
  absorb(header: Headers): void {
    for (const line of header.getSetCookie()) {
      // Trailers of some stacks arrive joined; a comma inside Expires is followed by a space and a digit.
      for (const cookie of line.split(/,(?=\s*[^\s;,=]+=)/)) this.#set(cookie.trim());
    }
  }

  /** The value of a `cookie` header, or undefined when there is nothing to send. */
  header(): string | undefined {
    const all = this.#all();
    return all.size === 0 ? undefined : [...all].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #all(): Map<string, string> {
    const all = this.#origin === undefined ? new Map<string, string>() : this.#origin.#all();
    for (const [name, { value, expires }] of this.#cookies) {
      if (expires > Date.now()) all.set(name, value);
      else this.#cookies.delete(name);
    }
    return all;
  }

  #set(text: string): void {
    const [pair, ...attributes] = text.split(";");
    const equals = pair!.indexOf("=");
    if (equals <= 0) return;
    const name = pair!.slice(0, equals).trim();
    const value = pair!.slice(equals + 1).trim();
    this.#cookies.set(name, { value, expires: expiry(attributes) });
  }
}

/** RFC 6265, 5.3: Max-Age beats Expires; without either a cookie lasts as long as the session. */
function expiry(attributes: readonly string[]): number {
  let expires = Number.POSITIVE_INFINITY;
  for (const attribute of attributes) {
    const [name, value = ""] = attribute.split(/=(.*)/s).map((part) => part.trim());
    if (/^max-age$/i.test(name!) && /^-?\d+$/.test(value))
      return Number(value) <= 0 ? 0 : Date.now() + Number(value) * 1000;
    if (/^expires$/i.test(name!)) {
      const at = Date.parse(value);
      if (!Number.isNaN(at)) expires = at;
    }
  }
  return expires;
}
