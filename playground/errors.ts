import { diagnose } from "./connection/diagnose.ts";
import { refusedOrigin } from "./policy.ts";

/** What went wrong, for people: one sentence of ours and the server's own words. */
export interface Explanation {
  title: string;
  detail: string;
}

/** By gRPC's name of the code. `invalid_argument` and the like are what servers answer to wrong SQL. */
const TITLES: Record<string, string> = {
  invalid_argument: "The server does not accept this query.",
  not_found: "The server does not know something this query names.",
  already_exists: "That exists already.",
  failed_precondition: "The server cannot do this now.",
  unauthenticated:
    "The server wants to know who you are: set a token, or a user and a password, under its address, top right.",
  permission_denied: "You may not do this on this server.",
  unavailable: "The server cannot be reached.",
  deadline_exceeded: "The server took too long.",
  resource_exhausted: "The server, or this page, ran out of room for this.",
  unimplemented: "The server does not offer this.",
  canceled: "The query was cancelled.",
  aborted: "The server gave up on this query.",
  internal: "The query failed on the server.",
  unknown: "The query failed on the server.",
  data_loss: "What the server sent cannot be read.",
};

/** @param address the server that was asked, to find out why it does not answer */
export async function explain(error: unknown, address?: string): Promise<Explanation> {
  const refused = await refusedOrigin(address);
  if (refused !== undefined) return explainRefused(refused);
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  // The client's words for a fetch that failed with no answer at all.
  if (code === "unavailable" && /\bCORS\b/.test(detail) && address !== undefined) {
    const found = await diagnose(address);
    if (found) return found;
  }
  if (isNoSuchService(code, detail) && address !== undefined) {
    return { title: `There is no Flight SQL server at ${address}.`, detail };
  }
  return { title: TITLES[code] ?? "Something went wrong.", detail };
}

/** Whether a server that speaks Flight SQL does not know a call. */
export function isUnimplemented(error: unknown): boolean {
  return (
    codeOf(error) === "unimplemented" && !(error instanceof Error && isNoSuchService("unimplemented", error.message))
  );
}

/** gRPC's name of the code of a failure, "" when it has none. */
function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

/** A web server that knows nothing of gRPC says so by its HTTP status. */
function isNoSuchService(code: string, detail: string): boolean {
  return code === "unimplemented" && /\bHTTP (404|405|501)\b/.test(detail);
}

/** For a server that the rules of this page's own server keep the page from calling. */
function explainRefused(origin: string): Explanation {
  return {
    title: "This page may not call that server.",
    detail: `Whoever delivers this page forbids it to call ${origin} (Content-Security-Policy, connect-src). Open the page from that server, or through a bridge to it.`,
  };
}
