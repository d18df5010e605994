// The clients that the operations use: each of some kind, each replaced by a new one at any time.

import type { ClientOptions } from "../../src/flight/options.ts";
import { FlightSqlClient } from "../../src/node.ts";
import { webFault } from "./misbehaviour.ts";
import type { Random } from "./random.ts";
import type { Places } from "./world.ts";

const kinds = ["direct", "proxied", "raw", "raw web"] as const;
export type Kind = (typeof kinds)[number];

export interface Member {
  readonly kind: Kind;
  readonly url: string;
  readonly client: FlightSqlClient;
  isClosed: boolean;
}

/** A client of one of the servers, natively or over fetch, with options by chance. */
export async function recruit(places: Places, random: Random, id: number): Promise<Member> {
  const kind = random.weighted<Kind>([
    [15, "direct"],
    [60, "proxied"],
    [15, "raw"],
    [10, "raw web"],
  ]);
  const url = urlOf(kind, places, random, id);
  if (kind === "raw web") await order(controlOf(places, id), JSON.stringify({ fault: webFault(random) }));
  const options: ClientOptions = {
    url,
    ...(random.chance(0.3) && { timeoutMs: 10_000 }),
    ...(random.chance(0.3) && { firstByteTimeoutMs: random.log(100, 5000) }),
    ...(random.chance(0.3) && { idleTimeoutMs: random.log(100, 5000) }),
    ...(random.chance(0.3) && { connectTimeoutMs: random.log(50, 5000) }),
    ...(random.chance(0.3) && { retry: { queries: true, maxAttempts: random.int(1, 5) } }),
    ...(random.chance(0.2) && { windowBytes: random.log(65_536, 16 << 20) }),
    ...(random.chance(0.2) && { onEvent: () => {} }),
    ...(random.chance(0.3) && { token: async () => "token-of-the-soak" }),
  };
  return { kind, url, client: new FlightSqlClient(options), isClosed: false };
}

/** Twice, as the server may close a connection that was idle at the moment of the first. */
async function order(url: string, body: string): Promise<void> {
  const put = () => fetch(url, { method: "PUT", body });
  await put().catch(put);
}

const controlOf = ({ web }: Places, id: number): string => `${web}/control/soak-${id}`;

function urlOf(kind: Kind, { direct, proxied, raw, web }: Places, random: Random, id: number): string {
  switch (kind) {
    case "raw":
      return `grpc://127.0.0.1:${raw}`;
    case "raw web":
      return `${web}/soak-${id}`;
    default:
      return `${random.pick(["grpc", "grpc", "http"])}://127.0.0.1:${kind === "direct" ? direct : proxied}`;
  }
}

/** Whether a server that answers well, behind whatever connection, can be the reason of an error of this code. */
export function isPlausible(kind: Kind, code: string, cancelled: boolean): boolean {
  if (code === "canceled") return cancelled || kind.startsWith("raw");
  if (code === "deadline_exceeded" || kind.startsWith("raw")) return true;
  // Nothing is wrong with a direct connection; but the limits of an impatient client are unavailable, too.
  return code === "unavailable";
}
