import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The lane by itself: npm run runtimes. It starts the servers, the runtimes run the tests. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: "runtimes",
    root: file("../.."),
    include: ["test/runtimes/lane.ts"],
    globalSetup: [file("../interop/global-setup.ts")],
    testTimeout: 180_000,
  },
});

export default config;
