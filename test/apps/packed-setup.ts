import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { root } from "../package/sources.ts";
import { home, run } from "./home.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The package's archive, as `npm publish` would send it. */
    packed: string;
  }
}

/** Packs what `npm run build` has made, and installs the archive where the apps are, as a user does. */
export default async function setup({ provide }: TestProject): Promise<void> {
  const printed = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", home], root);
  const [{ filename }] = JSON.parse(printed) as [{ filename: string }];
  const archive = join(home, filename);
  // Peers and dependencies are there: nothing is fetched unless package.json asks for other versions of them. Peers that
  // it would not take fail here, where npm might else put old ones in their place without a word.
  const args = ["--no-save", "--strict-peer-deps", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  rmSync(join(home, "node_modules/flightsql"), { recursive: true, force: true }); // of the same version, but older
  await run("npm", ["install", ...args, archive], home);
  provide("packed", archive);
}
