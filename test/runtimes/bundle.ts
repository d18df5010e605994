import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = file("../../.cache/runtimes/bundles/");

/** Which program runs the bundle; it decides which entry point of the package it gets, as the package's `exports` do. */
export type Kind = "process" | "worker" | "page";

const made = new Map<Kind, Promise<string>>();

/** Makes one file of everything that runs in a runtime, once for all of a kind, and returns its path. */
export function bundle(kind: Kind): Promise<string> {
  const bundled = made.get(kind) ?? make(kind);
  made.set(kind, bundled);
  return bundled;
}

async function make(kind: Kind): Promise<string> {
  await mkdir(folder, { recursive: true });
  const isProcess = kind === "process";
  await build({
    configFile: false,
    root: file("../.."),
    logLevel: "warn",
    resolve: {
      alias: [
        { find: /^flightsql$/, replacement: file(isProcess ? "../../src/node.ts" : "../../src/web.ts") },
        { find: /^vitest$/, replacement: file("guest/vitest.ts") },
      ],
    },
    ssr: { target: isProcess ? "node" : "webworker", noExternal: true },
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      ssr: true,
      target: "es2022",
      minify: false,
      outDir: folder,
      emptyOutDir: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: { [kind]: file(`guest/${kind}.ts`) },
        output: { format: "esm", entryFileNames: "[name].mjs", codeSplitting: false },
      },
    },
  });
  return `${folder}${kind}.mjs`;
}
