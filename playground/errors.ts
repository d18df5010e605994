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
  unauthenticated: "The server wants to know who you are: set a token under the server's address, top right.",
  permission_denied: "You may not do this on this server.",
  unavailable: "The server cannot be reached.",
  deadline_exceeded: "The server took too long.",
  resource_exhausted: "The server, or this page, ran out of room for this.",
  unimplemented: "The server cannot do this.",
  canceled: "The query was cancelled.",
  aborted: "The server gave up on this query.",
  internal: "The query failed on the server.",
  unknown: "The query failed on the server.",
  data_loss: "What the server sent cannot be read.",
};

export function explain(error: unknown): Explanation {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const detail = error instanceof Error ? error.message : String(error);
  return { title: TITLES[code] ?? "Something went wrong.", detail };
}

/** For a server that the rules of this page's own server keep the page from calling. */
export function explainBlocked(address: string): Explanation {
  return {
    title: "This page may not call that server.",
    detail: `The server that delivered this page forbids calls to ${address} (Content-Security-Policy, connect-src). Open the page from that server, or through a bridge to it.`,
  };
}
