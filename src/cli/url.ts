import { UsageError } from "./command.ts";

/** A server's address taken apart: what the client takes as its url, and what people write beside it. */
export interface ServerUrl {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The rest of the query, `?database=x`: headers for every call. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads `grpc+tls://user:password@host:port?database=x`.
 *
 * @throws UsageError which does not quote the text: people put passwords there
 */
export function readServerUrl(text: string): ServerUrl {
  const [, scheme, login, rest, query] = /^([a-z][a-z+]*:\/*)(?:([^/?#]*)@)?([^?#@]+)(?:\?([^#]*))?$/i.exec(text) ?? [];
  if (scheme === undefined || rest === undefined || !/^(grpc(\+tcp|\+tls|\+unix)?|https?):/i.test(scheme)) {
    throw new UsageError(
      "the server's url is not of the form grpc://host:port (plaintext), grpc+tls://host:port, grpc+unix:///path, or http(s)://host for gRPC-Web; " +
        "user:password@ and ?database=name may be part of it, with / ? # @ % in them as %2F %3F %23 %40 %25",
    );
  }
  const { token, ...headers } = Object.fromEntries(new URLSearchParams(query ?? ""));
  const [, name, password] = /^([^:]*)(?::(.*))?$/s.exec(login ?? "") ?? [];
  return {
    url: scheme + rest,
    headers,
    ...(token !== undefined && { token }),
    ...(name && { username: decode(name) }),
    ...(password !== undefined && { password: decode(password) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError(
      "the user or password in the server's url has a % that is not part of a code: write it as %25",
    );
  }
}
