import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The lane by itself: npm run apps. */
const config: ViteUserConfig = defineConfig({
  test: {
    name: "apps",
    root: file("../.."),
    include: ["test/apps/*.lane.ts"],
    globalSetup: [file("packed-setup.ts"), file("../support/global-setup.ts")],
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});

export default config;
