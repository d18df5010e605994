import { encodeBinaryHeader } from "@connectrpc/connect";
import { FlightSqlError } from "../errors.ts";
import type { Metadata } from "./scope.ts";

/** Metadata as header lines, checked. */
export function toHeaderLines(metadata: Metadata): [name: string, value: string][] {
  return Object.entries(metadata).map(([name, value]) =>
    checkHeader(name, typeof value === "string" ? value : encodeBinaryHeader(value)),
  );
}

/**
 * `Headers` refuses bad names and values with an error that quotes them, token and all; so they are checked here.
 *
 * RFC 9110, 5.5: no control characters; gRPC allows printable ASCII only, and bytes in names that end in `-bin`.
 */
export function checkHeader(name: string, value: string): [name: string, value: string] {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new FlightSqlError("invalid_argument", `metadata name ${JSON.stringify(name)} is not a header name`);
  }
  if (/[^\t\x20-\x7e]/.test(value)) {
    throw new FlightSqlError(
      "invalid_argument",
      `the value of metadata "${name}" has characters that a header cannot carry; a name ending in -bin takes bytes`,
    );
  }
  return [name.toLowerCase(), value];
}

// What many servers take at most, names, values and 32 bytes for each line (RFC 9113, 6.5.2) together: gRPC's C core,
// C++ and Python with it, and Java have this default; proxies in front of others have it too.
const commonLimit = 8192;

/** What to add to a failure that headers too large for the server may have caused. */
export function headerHint(lines: ReadonlyMap<string, string>): string {
  let bytes = 0;
  for (const [name, value] of lines) bytes += name.length + value.length + 32;
  if (bytes <= commonLimit) return "";
  return `the request has ${bytes} bytes of headers, and many servers take no more than ${commonLimit}: send less metadata, fewer cookies or a shorter token`;
}
