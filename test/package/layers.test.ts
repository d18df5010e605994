import { builtinModules } from "node:module";
import { join } from "node:path";
import { build, type Plugin } from "vite";
import { expect, test } from "vitest";
import { skip } from "./skip.ts";
import { hasSource, readSources, root, type Source } from "./sources.ts";

// The design's table of rooms, held against what the files of src/ really import. A type import counts like any other:
// a room that needs another's types knows of it.

/** From the top down: a room may import its own files and those of the levels above it. */
const levels: readonly (readonly string[])[] = [
  ["gen"],
  ["errors.ts"],
  ["arrow"],
  ["transport"],
  ["flight"],
  ["sql"],
  ["dbapi", "kysely", "mosaic"],
  ["node.ts", "web.ts"],
  ["server"],
  ["bridge"],
  ["cli"],
];

/** What a room must not know although the order would let it: prefixes of files of ours and of packages. */
const ignorant: Record<string, { readonly files?: readonly string[]; readonly packages?: readonly string[] }> = {
  arrow: { files: ["gen/FlightSql_pb.ts"], packages: ["@connectrpc/"] },
  transport: { files: ["arrow/", "gen/"], packages: ["apache-arrow"] },
  flight: { files: ["gen/FlightSql_pb.ts"] },
  sql: { files: ["transport/"] },
  dbapi: { files: ["transport/"] },
  kysely: { files: ["transport/"] },
  mosaic: { files: ["transport/"] },
  server: { files: ["sql/", "node.ts", "web.ts"] },
  bridge: { files: ["gen/", "arrow/", "sql/"], packages: ["apache-arrow"] },
};

/** Rooms that must not even reach the other through files in between. */
const unreachable: readonly (readonly [from: string, to: string])[] = [
  ["arrow", "transport"],
  ["flight", "sql"],
  ["server", "sql"],
  ["bridge", "gen"],
];

/** Packages that some users do not install: each only where it is the subject. */
const optional: Record<string, RegExp> = {
  "@duckdb/node-api": /^server\/duckdb/,
  kysely: /^kysely\//,
  "@uwdata/": /^mosaic\//,
  "@connectrpc/connect-node": /^(server|bridge|cli)\/|^(transport\/)?node/,
};

const nodeTransport = /^transport\/(node|http2)\b/;
const nodeOnly = /^(transport\/(node|http2)\b|node\.ts$|(server|bridge|cli)\/)/;
const nodeGlobals = ["Buffer", "process", "NodeJS", "require", "__dirname", "__filename", "setImmediate", "global"];

const sources = readSources();

test("every file belongs to a room", () => {
  expect.soft([...sources.keys()].filter((path) => level(path) < 0)).toEqual([]);
  expect.soft([...sources.keys()].length).toBeGreaterThan(2);
});

test("every relative import names a file that exists", () => {
  expect.soft(edges((_, to) => !sources.has(to))).toEqual([]);
});

test("rooms import only rooms above them", () => {
  expect.soft(edges((from, to) => room(from) !== room(to) && level(to) >= level(from))).toEqual([]);
});

test("rooms do not know what they should not", () => {
  const files = edges((from, to) => room(from) !== room(to) && startsWith(to, ignorant[room(from)]?.files));
  expect.soft(files).toEqual([]);
  expect.soft(packages((from, name) => startsWith(name, ignorant[room(from)]?.packages))).toEqual([]);
});

test.each(unreachable)("%s does not reach %s", (from, to) => {
  const starts = [...sources.keys()].filter((path) => room(path) === from);
  expect.soft(reach(starts).filter((path) => room(path) === to)).toEqual([]);
});

test("only the entry points choose a transport", () => {
  const chosen = edges((from, to) => nodeTransport.test(to) && from !== "node.ts" && !nodeTransport.test(from));
  expect.soft(chosen).toEqual([]);
  expect.soft(edges((from, to) => to === "transport/fetch.ts" && from !== "node.ts" && from !== "web.ts")).toEqual([]);
});

test("Node's modules and globals stay in the files that only Node loads", () => {
  const outside = (path: string): boolean => !nodeOnly.test(path);
  expect.soft(packages((from, name) => outside(from) && isBuiltin(name))).toEqual([]);
  const used = [...sources.values()]
    .filter(({ path }) => outside(path))
    .flatMap(({ path, identifiers }) =>
      nodeGlobals.filter((name) => identifiers.has(name)).map((name) => `${path}: ${name}`),
    );
  expect.soft(used).toEqual([]);
  expect.soft(edges((from, to) => outside(from) && nodeOnly.test(to))).toEqual([]);
});

test("optional packages are imported only where they are the subject", () => {
  const strays = packages((from, name) =>
    Object.entries(optional).some(([prefix, where]) => name.startsWith(prefix) && !where.test(from)),
  );
  expect.soft(strays).toEqual([]);
});

// The second witness knows nothing of the table: a bundler follows what a browser would load.
test("web.ts bundles for the browser with apache-arrow as its only import", { timeout: 60_000 }, async (context) => {
  if (!hasSource("web.ts")) skip(context, "src/web.ts does not exist yet");
  // Vite would replace built-in modules by empty ones; kept as they are, they show in the output.
  const keepBuiltins: Plugin = {
    name: "keep-builtins",
    enforce: "pre",
    resolveId: (id) => (isBuiltin(id) ? { id, external: true } : null),
  };
  const result = await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [keepBuiltins],
    build: {
      write: false,
      minify: false,
      lib: { entry: join(root, "src/web.ts"), formats: ["es"] },
      rolldownOptions: { external: [/^apache-arrow(\/|$)/] },
    },
  });
  if (!Array.isArray(result)) throw new Error("vite returned no output");
  const chunks = result.flatMap(({ output }) => output).filter((file) => file.type === "chunk");
  const imports = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
  const names = new Set(chunks.map((chunk) => chunk.fileName));
  expect.soft(imports.filter((name) => !names.has(name) && !/^apache-arrow(\/|$)/.test(name))).toEqual([]);
  expect.soft(chunks.map((chunk) => chunk.code).join("\n")).not.toMatch(/["']node:/);
  const modules = chunks.flatMap((chunk) => chunk.moduleIds);
  expect.soft(modules.filter((id) => /connect-node|\/src\/(server|bridge|cli)\//.test(id))).toEqual([]);
  expect
    .soft(
      modules.some((id) => id.endsWith("/src/errors.ts")),
      "the bundle holds our code",
    )
    .toBe(true);
});

function room(path: string): string {
  return path.split("/", 1)[0] ?? path;
}

function level(path: string): number {
  return levels.findIndex((rooms) => rooms.includes(room(path)));
}

function startsWith(name: string, prefixes: readonly string[] = []): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

function isBuiltin(name: string): boolean {
  return name.startsWith("node:") || builtinModules.includes(name);
}

function edges(wrong: (from: string, to: string) => boolean): string[] {
  return found(({ files }) => files, wrong);
}

function packages(wrong: (from: string, name: string) => boolean): string[] {
  return found((source) => source.packages, wrong);
}

function found(of: (source: Source) => readonly string[], wrong: (from: string, to: string) => boolean): string[] {
  return [...sources.values()].flatMap((source) =>
    of(source)
      .filter((to) => wrong(source.path, to))
      .map((to) => `${source.path} imports ${to}`),
  );
}

function reach(starts: readonly string[]): string[] {
  const seen = new Set(starts);
  for (const path of seen) for (const next of sources.get(path)?.files ?? []) seen.add(next);
  return [...seen];
}
