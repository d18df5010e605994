// The scenarios as tests, for any platform that vitest runs on.

import { afterAll, test } from "vitest";
import type { IntegrationScenario } from "../interop/servers.ts";
import type { Service, ServiceRequest } from "../interop/service.ts";
import * as calls from "./calls.ts";
import { exchangeAtOnce, exchangeEcho } from "./exchange.ts";
import type { Proof } from "./features.ts";
import dictionaries from "./files/dictionaries.json" with { type: "json" };
import flat from "./files/flat.json" with { type: "json" };
import nested from "./files/nested.json" with { type: "json" };
import noBatches from "./files/no_batches.json" with { type: "json" };
import { ipcFile } from "./ipc-file.ts";
import { type Platform, runScenario, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

export interface SuitePlatform extends Platform {
  /** Starts a server where this platform can reach it. */
  readonly start: (request: ServiceRequest) => Promise<Service>;
  /** Keeps what was seen to work, for the feature table. */
  readonly save: (proofs: readonly Proof[]) => Promise<void>;
}

const files: readonly Scenario[] = [
  ipcFile("flat.json", flat),
  ipcFile("nested.json", nested),
  ipcFile("dictionaries.json", dictionaries),
  ipcFile("no_batches.json", noBatches),
];

/** Arrow's scenarios against arrow-go's server, and with what it does not have, against our pyarrow one. */
const cases: readonly (readonly [Scenario, ServiceRequest])[] = [
  ...scenarios
    .filter((scenario) => scenario !== exchangeEcho)
    .map((scenario) => [scenario, integration(scenario.name as IntegrationScenario)] as const),
  ...files.map((file) => [file, integration("")] as const),
  ...[exchangeEcho, exchangeAtOnce, ...Object.values(calls)].map((one) => [one, { server: "pyarrow" }] as const),
];

function integration(scenario: IntegrationScenario): ServiceRequest {
  return { server: "integration", scenario, metadata: ["x-middleware", "auth-token-bin"] };
}

/** Declares a test for each scenario that the platform can run, with a server of its own. */
export function conformance(platform: SuitePlatform): { proofs: Set<Proof> } {
  const proofs = new Set<Proof>();
  afterAll(() => platform.save([...proofs].sort()));
  for (const [scenario, request] of cases) {
    if (scenario.interleaves && !platform.duplex) {
      console.info(`${scenario.name} is left out: it waits for answers between its messages, which fetch cannot`);
      continue;
    }
    test(scenario.name, async () => {
      const service = await platform.start(request);
      try {
        for (const proof of await runScenario(scenario, service.url, platform)) proofs.add(proof);
        proofs.add(service.url.startsWith("grpc:") ? "grpc+tcp" : "grpc-web");
      } finally {
        await service.stop();
      }
    });
  }
  return { proofs };
}
