// The built package's bridge in a process of its own: bridge.ts UPSTREAM.

import { builtFile } from "../clients/ours.ts";

interface BridgeModule {
  bridge(options: { upstream: string }): Promise<{ url: string }>;
}

const { bridge } = (await import(builtFile("bridge/index.js").href)) as BridgeModule;
const { url } = await bridge({ upstream: process.argv[2]! });
console.log(`listening on ${url}`);
