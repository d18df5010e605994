import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "./backend.ts";

/** Who may call. Without any of it: everybody. */
export interface Access {
  /** Bearer tokens, any of which lets a call through. */
  readonly tokens?: readonly string[] | undefined;
  /**
   * Passwords by user name: for `authorization: Basic …` on any call, or on a Handshake, whose answer then has a
   * bearer token that is good until it was not used for an hour.
   */
  readonly users?: Readonly<Record<string, string>> | undefined;
}

/** Decides over calls by their `authorization` header. */
export interface Gate {
  /** @throws ConnectError unauthenticated */
  check(call: Call): void;
  /** For a Handshake: checks, and answers a Basic header with a bearer token. */
  login(call: Call): void;
}

// A login's token is forgotten when nobody has used it for so long.
const tokenIdleMs = 60 * 60_000;
const maxTokens = 10_000;

/** A gate for `access`; undefined when everybody may pass. */
export function openGate({ tokens, users }: Access): Gate | undefined {
  if (tokens === undefined && users === undefined) return undefined;
  const known = (tokens ?? []).map(digest);
  const passwords = Object.entries(users ?? {}).map(([name, password]) => digest(`${name}:${password}`));
  const issued = new Map<string, number>();

  const hasToken = (text: string): boolean => {
    const given = digest(text);
    if (includes(known, given)) return true;
    // By its digest: what the look-up takes tells nothing of the token.
    const id = given.toString("hex");
    const used = issued.get(id);
    if (used === undefined) return false;
    issued.delete(id);
    if (Date.now() - used > tokenIdleMs) return false;
    issued.set(id, Date.now());
    return true;
  };
  const check = (call: Call): "basic" | "bearer" => {
    const [, scheme = "", text = ""] = /^(\w+) +(.+)$/.exec(call.requestHeader.get("authorization") ?? "") ?? [];
    if (scheme.toLowerCase() === "bearer" && hasToken(text)) return "bearer";
    if (scheme.toLowerCase() === "basic" && includes(passwords, digest(Buffer.from(text, "base64")))) return "basic";
    const wanted = [...(tokens ? ["a token"] : []), ...(users ? ["a user name and password"] : [])].join(", or ");
    const message =
      scheme === "" ? `This server asks for ${wanted}.` : "The credentials are not valid here, or not any more.";
    throw new ConnectError(message, Code.Unauthenticated);
  };
  return {
    check,
    login(call) {
      if (check(call) !== "basic") return;
      const token = randomBytes(32).toString("base64url");
      issued.set(digest(token).toString("hex"), Date.now());
      for (const [oldest, used] of issued) {
        if (issued.size <= maxTokens && Date.now() - used <= tokenIdleMs) break;
        issued.delete(oldest);
      }
      call.responseHeader.set("authorization", `Bearer ${token}`);
    },
  };
}

function digest(secret: string | Buffer): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Looks at each, whichever it is. */
function includes(digests: readonly Buffer[], given: Buffer): boolean {
  let found = false;
  for (const one of digests) found = timingSafeEqual(one, given) || found;
  return found;
}
