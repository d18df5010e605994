// The client of Arrow's integration tests: node main.js -host HOST -port PORT (-scenario NAME | -path FILE.json)

import { readFile } from "node:fs/promises";
import { FlightSqlClient } from "../../src/node.ts";
import { readFlags } from "./flags.ts";
import { ipcFile } from "./ipc-file.ts";
import { type Platform, runScenario, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

const node: Platform = {
  create: (options) => new FlightSqlClient(options),
  duplex: true,
};

async function toScenario({ scenario: name, path }: { scenario?: string; path?: string }): Promise<Scenario> {
  if (name !== undefined && name !== "") {
    const scenario = scenarios.find((one) => one.name === name);
    if (scenario !== undefined) return scenario;
    throw new Error(`there is no scenario "${name}"; there are ${scenarios.map((one) => one.name).join(", ")}`);
  }
  if (path === undefined) throw new Error("give -scenario NAME, or -path FILE.json for the default mode");
  return ipcFile(path, JSON.parse(await readFile(path, "utf8")));
}

try {
  const flags = readFlags(process.argv.slice(2), ["host", "port", "scenario", "path"]);
  const scenario = await toScenario(flags);
  await runScenario(scenario, `grpc://${flags.host ?? "localhost"}:${flags.port ?? "31337"}`, node);
  console.log(`${scenario.name}: passed`);
} catch (thrown) {
  console.error(thrown);
  process.exitCode = 1;
}
