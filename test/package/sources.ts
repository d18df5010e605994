import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";

/** The checkout's folder. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));
const src = join(root, "src");

/** What one file of src/ takes from elsewhere and gives away. Paths are relative to src/, with forward slashes. */
export interface Source {
  readonly path: string;
  /** Files of src/ it imports, for values or for types alone. */
  readonly files: readonly string[];
  /** Packages and built-in modules it imports. */
  readonly packages: readonly string[];
  /** Every identifier it uses that is not the name of a property. */
  readonly identifiers: ReadonlySet<string>;
  readonly exports: readonly Exported[];
}

/** One export, or all of another file's when `name` is null. */
export interface Exported {
  readonly name: string | null;
  readonly isType: boolean;
  readonly from: string | null;
}

/** All files of src/, by path. */
export function readSources(): Map<string, Source> {
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  return new Map(paths.map((path) => path.replaceAll("\\", "/")).map((path) => [path, readSource(path)]));
}

/** Whether src/ has this file yet. */
export function hasSource(path: string): boolean {
  return existsSync(join(src, path));
}

function readSource(path: string): Source {
  const { module, program, errors } = parseSync(path, readFileSync(join(src, path), "utf8"), { lang: "ts" });
  if (errors.length > 0) throw new Error(`src/${path} does not parse: ${errors[0]?.message}`);
  const inner = (specifier: string): string =>
    relative(src, resolve(src, dirname(path), specifier)).replaceAll("\\", "/");

  const specifiers = new Set<string>(module.staticImports.map((one) => one.moduleRequest.value));
  const exports: Exported[] = [];
  for (const { entries } of module.staticExports) {
    for (const { exportName, moduleRequest, isType, importName } of entries) {
      if (moduleRequest !== null) specifiers.add(moduleRequest.value);
      const name =
        exportName.kind === "Default" ? "default" : importName.kind === "AllButDefault" ? null : exportName.name;
      exports.push({ name, isType, from: moduleRequest === null ? null : inner(moduleRequest.value) });
    }
  }
  const identifiers = new Set<string>();
  walk(program, (node) => {
    if (node.type === "Identifier") identifiers.add(String(node.name));
    if (node.type === "ImportExpression" || node.type === "TSImportType") {
      const { source } = node;
      if (!isNode(source) || typeof source.value !== "string") {
        throw new Error(`src/${path} imports something that is not a literal string: no test could tell its room`);
      }
      specifiers.add(source.value);
    }
  });
  const all = [...specifiers];
  const files = all.filter((one) => one.startsWith(".")).map(inner);
  return { path, files, packages: all.filter((one) => !one.startsWith(".")), identifiers, exports };
}

// Of a syntax tree's nodes only what is looked at here.
interface Node {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly source?: unknown;
  readonly value?: unknown;
  readonly object?: unknown;
  readonly computed?: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

// Property names are skipped: `event.process` and `{ process: 1 }` use no global, `globalThis.process` does.
function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const [key, value] of Object.entries(node)) {
    const named = key === "key" || (key === "property" && !isGlobalThis(node.object)) || key === "imported";
    if (named && node.computed !== true) continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
  }
}

function isGlobalThis(object: unknown): boolean {
  return isNode(object) && object.name === "globalThis";
}
