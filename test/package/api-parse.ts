import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "vite";
import { root } from "./sources.ts";

// What api-reference.ts needs to know of a file of src/. The sources themselves are read, not their .d.ts: with
// isolatedDeclarations everything exported says its type where it stands.

const src = join(root, "src");

/** A node of oxc's syntax tree: which fields it has depends on its type. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One file of src/: what it declares, and where the other names in it come from. */
export class ParsedFile {
  readonly path: string;
  readonly text: string;
  /** Declarations by name; functions have one for each overload. */
  readonly declarations: ReadonlyMap<string, readonly Node[]>;
  /** Names that are imported, or exported from elsewhere, by what they are called here: file of src/ and name there. */
  readonly links: ReadonlyMap<string, readonly [path: string, name: string]>;
  /** Names it exports, by declaration or from elsewhere; `export *` as the file's path. */
  readonly exports: readonly string[];
  readonly stars: readonly string[];
  readonly #comments: readonly { readonly type: string; readonly value: string; readonly end: number }[];

  constructor(path: string) {
    this.path = path;
    this.text = readFileSync(join(src, path), "utf8");
    const { program, module, comments } = parseSync(path, this.text, { lang: "ts" });
    this.#comments = comments;
    const declarations = new Map<string, Node[]>();
    for (const statement of nodes((program as unknown as Node).body)) {
      const declaration = isNode(statement.declaration) ? statement.declaration : statement;
      const named = declaration.type === "VariableDeclaration" ? nodes(declaration.declarations) : [declaration];
      for (const node of named) {
        if (!isNode(node.id)) continue;
        const name = String(node.id.name);
        // The docstring stands in front of the statement, not of what is declared in it.
        declarations.set(name, [...(declarations.get(name) ?? []), { ...node, start: statement.start }]);
      }
    }
    this.declarations = declarations;
    const links = new Map<string, readonly [string, string]>();
    const file = (specifier: string): string => relative(src, resolve(src, dirname(path), specifier));
    for (const { moduleRequest, entries } of module.staticImports) {
      if (!moduleRequest.value.startsWith(".")) continue;
      for (const { importName, localName } of entries)
        if (importName.kind === "Name") links.set(localName.value, [file(moduleRequest.value), importName.name ?? ""]);
    }
    const exports: string[] = [];
    const stars: string[] = [];
    for (const { entries } of module.staticExports) {
      for (const { exportName, moduleRequest, importName } of entries) {
        if (exportName.name === null && moduleRequest !== null) stars.push(file(moduleRequest.value));
        if (exportName.name === null) continue;
        exports.push(exportName.name);
        if (moduleRequest !== null) links.set(exportName.name, [file(moduleRequest.value), importName.name ?? ""]);
      }
    }
    this.links = links;
    this.exports = exports;
    this.stars = stars;
  }

  /** The text of a node on one line, without comments. */
  source(node: Node): string {
    // Without the namespaces that a file imports others under: users know no `session.CancelResult`.
    return oneLine(this.text.slice(node.start, node.end)).replaceAll(/\b[a-z]\w*\.(?=[A-Z])/g, "");
  }

  /** The docstring in front of a node, without its stars; null when there is none. */
  docstring(node: Node): string | null {
    const comment = this.#comments.findLast(({ end }) => end <= node.start);
    if (comment?.type !== "Block" || !comment.value.startsWith("*")) return null;
    if (this.text.slice(comment.end, node.start).trim() !== "") return null;
    return comment.value.replaceAll(/^[ \t]*\* ?/gm, "").trim();
  }
}

const files = new Map<string, ParsedFile>();

/** Parses a file of src/, once. */
export function parsed(path: string): ParsedFile {
  const file = files.get(path) ?? new ParsedFile(path);
  files.set(path, file);
  return file;
}

/** Where a name that a file uses is declared; null for those of packages and of the language. */
export function resolveName(path: string, name: string): readonly [file: ParsedFile, name: string] | null {
  const file = parsed(path);
  if (file.declarations.has(name)) return [file, name];
  const link = file.links.get(name);
  if (link !== undefined) return resolveName(...link);
  for (const star of file.stars) {
    const found = parsed(star).exports.includes(name) || parsed(star).stars.length > 0 ? resolveName(star, name) : null;
    if (found !== null) return found;
  }
  return null;
}

export function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Text without comments, line ends and what the formatter puts around them. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/([([]) /g, "$1")
    .replaceAll(/,? ([)\]])/g, "$1")
    .replace(/^\| /, "");
}
