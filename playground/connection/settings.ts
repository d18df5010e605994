import type { ClientOptions } from "flightsql";

/** What it takes to talk to a server. */
export interface ServerSettings {
  url: string;
  token: string;
  username: string;
  password: string;
  /** A `name: value` on each line. */
  metadata: string;
}

const CURRENT = "flightsql.server";
const RECENT = "flightsql.servers";
const MOST = 10;

/** The options of a client for these settings. Throws a TypeError, in words for people, when they are no such. */
export function clientOptions({ url, token, username, password, metadata }: ServerSettings): ClientOptions {
  return {
    url: plainAddress(url),
    ...(token && { token }),
    ...(username && { username, password }),
    metadata: parseMetadata(metadata),
  };
}

/** The address alone. One with a password in it would be shown, kept and shared. */
function plainAddress(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TypeError(
      "The address has to be like https://host:port. A page speaks gRPC-Web, so that grpc:// does not work here.",
    );
  }
  const { username, password } = new URL(url);
  if (username || password)
    throw new TypeError("Write the user and the password into their own fields, not into the address.");
  return url;
}

/** The headers of lines such as `database: sensors`. */
export function parseMetadata(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => line.trim());
  const pairs = lines.filter(Boolean).map((line): [string, string] => {
    const [, name, value] = /^([\w.-]+)\s*:\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new TypeError(`Metadata is a “name: value” on each line, and “${line.split(":", 1)[0]}” is not.`);
    }
    return [name.toLowerCase(), value];
  });
  return Object.fromEntries(pairs);
}

/**
 * What is remembered of a server: its address and the user's name, and never a token, a password or metadata. The one in
 * use stays with the window; addresses that worked are offered in all.
 */
export interface Remembered {
  url: string;
  username: string;
}

export function remembered(session: Pick<Storage, "getItem"> = sessionStorage): Remembered | undefined {
  const { url, username } = record(session.getItem(CURRENT));
  return typeof url === "string" ? { url, username: typeof username === "string" ? username : "" } : undefined;
}

export function remember({ url, username }: Remembered): void {
  try {
    sessionStorage.setItem(CURRENT, JSON.stringify({ url, username }));
    localStorage.setItem(
      RECENT,
      JSON.stringify([url, ...recentAddresses().filter((other) => other !== url)].slice(0, MOST)),
    );
  } catch {
    // Without room to remember, the next visit starts with the page's own server.
  }
}

/** Addresses that worked, the latest first. */
export function recentAddresses(): string[] {
  const list = json(localStorage.getItem(RECENT));
  return Array.isArray(list) ? list.filter((url) => typeof url === "string") : [];
}

function record(text: string | null): Record<string, unknown> {
  const value = json(text);
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function json(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
