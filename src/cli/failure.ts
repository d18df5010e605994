import { FlightSqlError } from "../node.ts";
import { UsageError } from "./command.ts";
import { Interrupted } from "./interrupt.ts";
import { visible } from "./visible.ts";

/** The exit codes, as the help shows them. 69 and 77 are those of sysexits.h, 130 a shell's own for Ctrl-C. */
export const exitCodes = `Exit codes: 0 done, 1 it failed, 2 the command line is wrong, 69 the server cannot be reached,
77 the server wants other credentials, 130 cancelled by Ctrl-C (143 by SIGTERM).`;

/** What a command failed of: the code to exit with, and what to say on stderr; nothing for Ctrl-C. */
export function failure(thrown: unknown, command: string): { code: number; text: string } {
  if (thrown instanceof Interrupted) return { code: thrown.exitCode, text: "" };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // The server's text may be anything; on a terminal it must not be more than text.
  const text = `flightsql ${command}: ${redact(message).split("\n").map(visible).join("\n")}`;
  if (thrown instanceof UsageError || isParseError(thrown)) {
    return { code: 2, text: `${text}\nflightsql ${command} --help says what there is.` };
  }
  return { code: thrown instanceof FlightSqlError ? (codes[thrown.code] ?? 1) : 1, text };
}

const codes: Partial<Record<FlightSqlError["code"], number>> = {
  unavailable: 69,
  unauthenticated: 77,
  permission_denied: 77,
};

const secrets = new Set<string>();

/** From now on no message shows this text. */
export function keepSecret(secret: string | undefined): void {
  if (secret) secrets.add(secret);
}

function redact(text: string): string {
  let out = text;
  for (const secret of secrets) out = out.replaceAll(secret, "[redacted]");
  return out;
}

function isParseError(thrown: unknown): boolean {
  return thrown instanceof Error && String((thrown as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}
