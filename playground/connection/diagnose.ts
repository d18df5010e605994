import type { Explanation } from "../errors.ts";

/** Milliseconds that a server gets to answer the probe. */
const PROBE_MS = 5000;

/** Where the page itself is. */
interface Place {
  origin: string;
  protocol: string;
}

/**
 * Why a call did not get through, as far as a page can find out.
 *
 * A browser tells a page no more than that a fetch failed. One more call in the mode `no-cors`, whose answer the page may
 * not read, parts two cases: an answer means that only CORS was in the way, none that nobody answers there.
 */
export async function diagnose(
  address: string,
  page: Place = location,
  send: typeof fetch = fetch,
): Promise<Explanation | undefined> {
  if (!URL.canParse(address)) return undefined;
  const { origin, protocol, hostname } = new URL(address);
  if (origin === page.origin) return undefined;
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  if (page.protocol === "https:" && protocol === "http:" && !isLocal) return mixed(origin);
  const isAnswered = await send(`${origin}/`, {
    mode: "no-cors",
    cache: "no-store",
    signal: AbortSignal.timeout(PROBE_MS),
  })
    .then(() => true)
    .catch(() => false);
  return isAnswered ? refused(origin, page.origin) : silent(origin, protocol);
}

function refused(origin: string, page: string): Explanation {
  return {
    title: "The server answers, but does not let this page read it (CORS).",
    detail: `${origin}, or the gRPC-Web proxy in front of it, has to answer the preflight and the calls with
  Access-Control-Allow-Origin: ${page}
  Access-Control-Allow-Headers: content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization, and the names of your metadata
  Access-Control-Expose-Headers: grpc-status, grpc-message, grpc-status-details-bin
docs/browser.md and docs/proxies.md have the settings of each server. A server of gRPC alone needs a bridge:
  npx flightsql playground --url grpc+tls://${new URL(origin).host}`,
  };
}

function silent(origin: string, protocol: string): Explanation {
  const { host, hostname, port } = new URL(origin);
  const secure = protocol === "https:";
  const certificate = secure
    ? `\n- The browser may not trust its certificate: open ${origin} in a tab, which tells.`
    : "\n- It may want TLS: try https.";
  return {
    title: `Nobody answers at ${host}.`,
    detail: `- Is the server running, is the address right, and may this machine reach it?${certificate}
- It may speak gRPC alone, which no browser does. A bridge on this machine does:
  npx flightsql playground --url grpc${secure ? "+tls" : ""}://${hostname}:${port || (secure ? 443 : 80)}`,
  };
}

function mixed(origin: string): Explanation {
  return {
    title: "A page that came over https may not call a server over http.",
    detail: `The browser blocks ${origin}. Use its https address, or open this page over http.`,
  };
}
