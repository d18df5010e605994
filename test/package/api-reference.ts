import { isNode, type Node, nodes, oneLine, type ParsedFile, parsed, resolveName } from "./api-parse.ts";

/** The entry points, in the order of the reference: how users import them, their file, and what they are. */
const entries = [
  ["flightsql", "node.ts", "The client. `flightsql/node` and `flightsql/web` are the same names for one platform."],
  ["flightsql/dbapi", "dbapi/index.ts", "The DB-API of Python (PEP 249) over a client."],
  ["flightsql/kysely", "kysely/index.ts", "A dialect for Kysely."],
  ["flightsql/mosaic", "mosaic/index.ts", "A connector for Mosaic."],
  ["flightsql/server", "server/index.ts", "A Flight SQL server over a backend of your own."],
  ["flightsql/server/duckdb", "server/duckdb.ts", "DuckDB as such a backend."],
  ["flightsql/bridge", "bridge/index.ts", "Lets browsers call a gRPC server."],
] as const;

/** docs/api.md: every name of every entry point, its members, and the first paragraph of what its docstring says. */
export function apiReference(): string {
  const out = [
    "# API reference",
    "",
    "Made from the sources: `UPDATE_DOCS=1 npx vitest run --project node test/package/api-reference` writes it anew.",
    "It has the signatures and what each thing is; examples and limits are in the docstrings, which editors show.",
  ];
  const described = new Set<string>();
  for (const [name, path, what] of entries) out.push("", `## ${name}`, "", what, ...entryPoint(path, described));
  return `${out.join("\n")}\n`;
}

function entryPoint(path: string, described: Set<string>): string[] {
  const exported = exportedNames(path).sort((a, b) => a.localeCompare(b, "en"));
  const targets = exported.map((name): Target => {
    const found = resolveName(path, name);
    if (found === null) throw new Error(`src/${path}: ${name} is exported but not found`);
    return { file: found[0], declared: found[1], name };
  });
  const own = new Set(targets.map(idOf));
  const lines: string[] = [];
  // Grows while it is read: by the interfaces and types that users meet in signatures without being able to import them.
  // Those of src/gen are the protocol's own.
  for (const target of targets) {
    described.add(idOf(target)).add(target.name);
    const entry = new Entry(own);
    lines.push("", ...entry.describe(target));
    for (const [file, declared] of entry.mentioned) {
      const next: Target = { file, declared, name: declared };
      if (file.declarations.get(declared)?.[0]?.type === "ClassDeclaration") continue;
      if (described.has(idOf(next)) || described.has(declared) || file.path.startsWith("gen/")) continue;
      if (targets.some((one) => idOf(one) === idOf(next) || one.name === declared)) continue;
      targets.push(next);
    }
  }
  // What is exported under another name than its own is known by that everywhere.
  const renamed = targets.filter(({ declared, name }) => declared !== name);
  return lines.map((line) =>
    renamed.reduce((text, { declared, name }) => text.replaceAll(new RegExp(`\\b${declared}\\b`, "g"), name), line),
  );
}

/** A declaration, and what it is called by users. */
interface Target {
  readonly file: ParsedFile;
  readonly declared: string;
  readonly name: string;
}

function idOf({ file, declared }: Pick<Target, "file" | "declared">): string {
  return `${file.path}#${declared}`;
}

function exportedNames(path: string): string[] {
  const { exports, stars } = parsed(path);
  return [...new Set([...exports, ...stars.flatMap(exportedNames)])];
}

/** One name of the reference. */
class Entry {
  /** Types it mentions, by where they are declared. */
  readonly mentioned: [ParsedFile, string][] = [];
  /** What the same entry point exports: bases among it are named, of others the members are told. */
  readonly #exported: ReadonlySet<string>;

  constructor(exported: ReadonlySet<string>) {
    this.#exported = exported;
  }

  describe({ file, declared, name }: Target): string[] {
    const all = file.declarations.get(declared) ?? [];
    const [node] = all;
    if (node === undefined) throw new Error(`src/${file.path} does not declare ${declared}`);
    const about = firstParagraph(all.map((one) => file.docstring(one)).find((text) => text !== null) ?? null);
    const text = about === "" ? [] : ["", about];
    switch (node.type) {
      case "ClassDeclaration":
      case "TSInterfaceDeclaration": {
        const kind = node.type === "ClassDeclaration" ? "class" : "interface";
        const members = this.#members(file, node);
        const title = `### ${kind} ${name}${typeParameters(file, node)}${this.#heritage(file, node)}`;
        return [title, ...text, ...(members.length === 0 ? [] : ["", ...members])];
      }
      case "TSTypeAliasDeclaration": {
        const type = isNode(node.typeAnnotation) ? node.typeAnnotation : node;
        this.#mention(file, type);
        return [
          `### type ${name}`,
          ...text,
          "",
          code(`type ${name}${typeParameters(file, node)} = ${typeText(file, type)}`),
        ];
      }
      case "TSEnumDeclaration": {
        const body = isNode(node.body) ? nodes(node.body.members) : [];
        const names = body.map((member) => `\`${isNode(member.id) ? file.source(member.id) : ""}\``);
        return [`### enum ${name}`, ...text, "", names.join(" ")];
      }
      case "VariableDeclarator": {
        const type = isNode(node.id) && isNode(node.id.typeAnnotation) ? file.source(node.id.typeAnnotation) : "";
        const value = type === "" && isNode(node.init) ? ` = ${file.source(node.init)}` : "";
        return [`### const ${name}`, ...text, "", code(`const ${name}${type}${value}`)];
      }
      default: {
        // The implementation of an overloaded function is no signature of it.
        const overloads = all.filter((one) => one.type === "TSDeclareFunction");
        const shown = overloads.length > 0 ? overloads : all;
        return [`### function ${name}`, ...text, ...shown.flatMap((one) => ["", code(this.#call(file, name, one))])];
      }
    }
  }

  #members(file: ParsedFile, node: Node, isBase = false): string[] {
    const body = isNode(node.body) ? nodes(node.body.body) : [];
    const lines = body
      .filter(({ kind }) => !isBase || kind !== "constructor")
      .flatMap((member) => this.#member(file, member));
    for (const [base, name] of this.#bases(file, node)) {
      const inherited = base.declarations.get(name)?.[0];
      if (inherited === undefined || this.#exported.has(idOf({ file: base, declared: name }))) continue;
      lines.push(...this.#members(base, inherited, true));
    }
    return lines;
  }

  #member(file: ParsedFile, member: Node): string[] {
    const { key, value, accessibility, kind } = member;
    const doc = file.docstring(member);
    const hidden = accessibility === "private" || accessibility === "protected" || doc?.includes("@internal") === true;
    if (!isNode(key) || key.type === "PrivateIdentifier" || hidden) return [];
    const name = `${member.static === true ? "static " : ""}${member.computed === true ? `[${file.source(key)}]` : file.source(key)}`;
    if (name.includes("Symbol.hasInstance")) return [];
    const about = firstParagraph(doc);
    const behind = about === "" ? "" : `: ${about}`;
    if (isNode(value) && value.type.includes("Function") && kind !== "get") {
      return [`- \`${this.#call(file, name, value)}\`${behind}`];
    }
    if (member.type === "TSMethodSignature") return [`- \`${this.#call(file, name, member)}\`${behind}`];
    const type = kind === "get" && isNode(value) ? value.returnType : member.typeAnnotation;
    if (isNode(type)) this.#mention(file, type);
    const isOptional = member.optional === true;
    const shown = isNode(type) ? file.source(type).replace(isOptional ? / \| undefined$/ : /$^/, "") : "";
    return [`- \`${name}${isOptional ? "?" : ""}${shown}\`${behind}`];
  }

  #call(file: ParsedFile, name: string, node: Node): string {
    const params = nodes(node.params).map((param) => {
      this.#mention(file, param);
      const { left, right } = param;
      const hasDefault = param.type === "AssignmentPattern" && isNode(left);
      const target = hasDefault ? left : param;
      const given = isNode(right) && right.type === "Literal" ? `: ${typeof right.value}` : "";
      const type = isNode(target.typeAnnotation) ? file.source(target.typeAnnotation) : given;
      if (target.type === "ObjectPattern") return `options${hasDefault ? "?" : ""}${type}`;
      return hasDefault && target.type === "Identifier" ? `${String(target.name)}?${type}` : file.source(target);
    });
    const result = isNode(node.returnType) ? node.returnType : undefined;
    if (result !== undefined) this.#mention(file, result);
    const optional = node.optional === true ? "?" : "";
    const returns = result === undefined ? "" : file.source(result);
    return `${name}${optional}${typeParameters(file, node)}(${params.join(", ")})${returns}`;
  }

  #bases(file: ParsedFile, node: Node): [ParsedFile, string][] {
    const parents = isNode(node.superClass)
      ? [node.superClass]
      : nodes(node.extends).map(({ expression }) => expression);
    return parents.filter(isNode).flatMap((parent) => {
      const found = resolveName(file.path, file.source(parent));
      return found === null ? [] : [[found[0], found[1]] as [ParsedFile, string]];
    });
  }

  #heritage(file: ParsedFile, node: Node): string {
    const shown = this.#bases(file, node)
      .filter(([base, name]) => this.#exported.has(idOf({ file: base, declared: name })))
      .map(([, name]) => name);
    return shown.length === 0 ? "" : ` extends ${shown.join(", ")}`;
  }

  #mention(file: ParsedFile, node: Node): void {
    if (node.type === "TSTypeReference" && isNode(node.typeName)) {
      const found = resolveName(file.path, file.source(node.typeName));
      if (found !== null) this.mentioned.push([found[0], found[1]]);
    }
    for (const child of Object.values(node)) {
      for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) this.#mention(file, one);
    }
  }
}

/** A type as written; `(typeof names)[number]` as the names. */
function typeText(file: ParsedFile, type: Node): string {
  const text = file.source(type);
  const list = file.declarations.get(/^\(typeof (\w+)\)\[number\]$/.exec(text)?.[1] ?? "")?.[0]?.init;
  const array = isNode(list) && isNode(list.expression) ? list.expression : list;
  return isNode(array) && Array.isArray(array.elements)
    ? nodes(array.elements)
        .map((one) => file.source(one))
        .join(" | ")
    : text;
}

function typeParameters(file: ParsedFile, node: Node): string {
  return isNode(node.typeParameters) ? file.source(node.typeParameters) : "";
}

function firstParagraph(docstring: string | null): string {
  return oneLine((docstring ?? "").split(/\n\s*\n|^@/m)[0] ?? "");
}

// Not marked `ts`: the blocks of documents that are, are compiled as programs.
function code(text: string): string {
  return `\`\`\`typescript\n${text.replaceAll(/(.{60,112}?[,|(]) (?=.{30})/g, "$1\n  ")}\n\`\`\``;
}
