import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from "vitest/config";
import { chromiumPath } from "./test/support/chromium.ts";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// What is polled for comes on a busy machine, too: the default is a second.
const patient = { poll: { timeout: 10_000 } };

// The same test files run on Node and in Chromium; `flightsql` is the entry point of the platform that runs them.
const node: TestProjectConfiguration = {
  resolve: { alias: { flightsql: file("src/node.ts") } },
  test: { environment: "node", testTimeout: 30_000, hookTimeout: 60_000, expect: patient },
};

const chromium = async (): Promise<TestProjectConfiguration> => ({
  resolve: { alias: { flightsql: file("src/web.ts") } },
  optimizeDeps: {
    include: [
      "apache-arrow",
      "@connectrpc/connect",
      "@connectrpc/connect/protocol",
      "@connectrpc/connect-web",
      "@bufbuild/protobuf",
      "@bufbuild/protobuf/wire",
      "@bufbuild/protobuf/wkt",
      "@bufbuild/protobuf/codegenv2",
      "fast-check",
      "fzstd",
      "kysely",
      "zstddec",
    ],
  },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: patient,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: await chromiumPath(),
          // Nothing outside this machine is needed, and looking for it only costs time.
          args: ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});

// What both platforms run, and what only one of them can.
const shared = ["test/{arrow,flight,sql,transport,contract,faults,dbapi,kysely}/**/*.test.ts"];
const nodeOnly = "test/**/*.node.test.ts";
const webOnly = "test/**/*.web.test.ts";
const embedded = ["test/support/global-setup.ts"];

function project(
  name: string,
  base: TestProjectConfiguration,
  include: string[],
  exclude: string[],
  globalSetup: string[],
): TestProjectConfiguration {
  const settings = base as { test: object };
  return { ...settings, test: { ...settings.test, name, include, exclude, globalSetup } };
}

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      project("node", node, ["test/**/*.test.ts"], [webOnly, "test/interop/**"], embedded),
      project("chromium", await chromium(), shared, [nodeOnly], embedded),
      project("interop", node, ["test/interop/**/*.test.ts"], [webOnly], ["test/interop/flights-setup.ts"]),
      project(
        "interop-chromium",
        await chromium(),
        ["test/interop/**/*.web.test.ts"],
        [],
        ["test/interop/global-setup.ts", "test/interop/flights-setup.ts"],
      ),
    ],
  },
});

export default config;
