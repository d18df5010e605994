import { SourceMap } from "node:module";
import { join, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { root } from "./sources.ts";

/** What a page loads that imports `flightsql/web`, in bytes, minified and gzipped. */
export interface Weight {
  /** All that is loaded at once. */
  readonly total: number;
  /** By room of src/ and by package, the heaviest first; together they are `total`. */
  readonly parts: ReadonlyMap<string, number>;
  /** What is loaded when the first batch needs it, by name: decompressors. */
  readonly later: ReadonlyMap<string, number>;
}

/** Bundles src/web.ts for the browser, with apache-arrow in it or without. */
export async function weighWeb({ withArrow }: { readonly withArrow: boolean }): Promise<Weight> {
  const result = await build({
    root,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      modulePreload: false,
      sourcemap: "hidden",
      // As an application's build and not a library's, which would keep its white space.
      rolldownOptions: {
        input: join(root, "src/web.ts"),
        preserveEntrySignatures: "strict",
        ...(!withArrow && { external: [/^apache-arrow(\/|$)/] }),
      },
    },
  });
  if (!("output" in result)) throw new Error("vite returned no output");
  const chunks = new Map(
    result.output.filter((file) => file.type === "chunk").map((chunk) => [chunk.fileName, chunk] as const),
  );
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry)!;
  const atOnce = new Set([entry.fileName]);
  for (const name of atOnce) for (const imported of chunks.get(name)?.imports ?? []) atOnce.add(imported);

  let total = 0;
  const texts = new Map<string, string>();
  const later = new Map<string, number>();
  for (const { fileName, facadeModuleId, name, code, map } of chunks.values()) {
    if (!atOnce.has(fileName)) {
      later.set(packageOf(facadeModuleId ?? "") ?? name, zipped(code));
      continue;
    }
    total += zipped(code);
    // A chunk that holds only the bundler's own code has no map.
    const found = map && textByPart(code, new SourceMap(JSON.parse(map.toString())), fileName);
    for (const [part, text] of found ?? new Map([["bundler", code]])) texts.set(part, (texts.get(part) ?? "") + text);
  }
  // Zipped by itself a part is a little larger than its share of the whole.
  const alone = [...texts].map(([part, text]) => [part, zipped(text)] as const).sort(([, a], [, b]) => b - a);
  const scale = total / alone.reduce((sum, [, bytes]) => sum + bytes, 0);
  return { total, parts: new Map(alone.map(([part, bytes]) => [part, bytes * scale])), later };
}

function zipped(text: string): number {
  return gzipSync(text, { level: 9 }).byteLength;
}

/** Which characters of the minified code come from where. */
function textByPart(code: string, map: SourceMap, fileName: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const [line, text] of code.split("\n").entries()) {
    for (const [column, character] of [...text].entries()) {
      // What the bundler itself wrote has no source.
      const { originalSource } = map.findEntry(line, column) as { originalSource?: string };
      const part = originalSource === undefined ? "bundler" : partOf(originalSource, fileName);
      parts.set(part, (parts.get(part) ?? "") + character);
    }
  }
  return parts;
}

/** A package's name, or `src/` and the room. Sources are named as seen from the file that a build would write. */
function partOf(source: string, fileName: string): string {
  const path = relative(root, resolve(root, "dist", fileName, "..", source)).replaceAll("\\", "/");
  return packageOf(path) ?? /^src\/[^/]+/.exec(path)?.[0] ?? "bundler";
}

function packageOf(path: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
}
