import type { ClientOptions, FlightSqlClient } from "flightsql";
import type { Proof } from "./features.ts";

/** The server a scenario talks to, and what it may know of the platform that runs it. */
export interface Subject {
  /** A client of the server, closed when the scenario is over. */
  connect(options?: Partial<ClientOptions>): FlightSqlClient;
  /** Whether answers can be read before everything is sent: native gRPC can, fetch cannot. */
  readonly duplex: boolean;
  /** Notes that something of Arrow's status page has been seen to work. */
  proves(...proofs: readonly Proof[]): void;
}

/** One of the scenarios of Arrow's integration suite, by its name there, or one of ours. */
export interface Scenario {
  readonly name: string;
  /** It waits for an answer before it sends its next message, which no client over fetch can. */
  readonly interleaves?: true;
  readonly run: (subject: Subject) => Promise<void>;
}

/** How a platform makes clients. */
export interface Platform {
  readonly create: (options: ClientOptions) => FlightSqlClient;
  readonly duplex: boolean;
}

// A server that does not answer is a failure, not a pause.
const limitMs = 20_000;

/** Runs a scenario against a server; resolves with what it proved, rejects with what did not hold. */
export async function runScenario(scenario: Scenario, url: string, platform: Platform): Promise<Proof[]> {
  const clients: FlightSqlClient[] = [];
  const proofs = new Set<Proof>();
  try {
    await scenario.run({
      connect: (options = {}) => {
        const client = platform.create({ url, timeoutMs: limitMs, ...options });
        clients.push(client);
        return client;
      },
      duplex: platform.duplex,
      proves: (...some) => {
        for (const proof of some) proofs.add(proof);
      },
    });
  } finally {
    for (const client of clients) await client.close();
  }
  return [...proofs];
}
