import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { TableInfo } from "flightsql";
import { type Catalog, type Column, isReserved, quoted, sqlName } from "../tables/catalog.ts";
import { statementAt } from "./statements.ts";

/** Milliseconds that suggestions wait for the columns of a table. */
const COLUMNS_MS = 2000;

const NAME = `(?:[\\p{L}_][\\p{L}\\p{N}_$]*|"(?:[^"]|"")*")`;
const PATH = new RegExp(`${NAME}(?:\\s*\\.\\s*${NAME})*`, "gu");
/** The path that ends at the cursor: what is in front of the last dot, and the name begun behind it. */
const TYPED = new RegExp(`((?:${NAME}\\.)*)([\\p{L}_"][\\p{L}\\p{N}_$"]*)?$`, "u");

/** Suggests the tables of the server and the columns of those that the statement names, which are loaded when needed. */
export function schemaCompletion(catalog: () => Catalog | undefined): CompletionSource {
  return async (context) => {
    const known = catalog();
    const typed = context.matchBefore(TYPED);
    if (!known || !typed || inTextOrComment(context)) return null;
    const [, path = "", name = ""] = TYPED.exec(typed.text) ?? [];
    if (path === "" && name === "" && !context.explicit) return null;
    const from = typed.to - name.length;
    const statement = statementAt(context.state.doc.toString(), context.pos)?.text ?? "";
    const options = path === "" ? await anything(known, statement) : await members(known, statement, parts(path));
    const result: CompletionResult = { from, options, validFor: /^[\p{L}_"][\p{L}\p{N}_$"]*$/u };
    return context.aborted || options.length === 0 ? null : result;
  };
}

/** Tables, the parts of their names, and the columns of the tables that the statement names. */
async function anything(catalog: Catalog, statement: string): Promise<Completion[]> {
  const tables = catalog.tables.map((table) => tableOption(table, sqlName(table, catalog.tables)));
  const mentioned = [...new Set(mentions(catalog, statement).map((mention) => mention.table))];
  const columns = await Promise.all(mentioned.map((table) => columnOptions(catalog, table)));
  return unique([...columns.flat(), ...tables, ...groups(catalog, [])]);
}

/** What may follow the names in front of a dot: columns of a table or alias, tables of a schema, schemas of a catalog. */
async function members(catalog: Catalog, statement: string, path: readonly string[]): Promise<Completion[]> {
  const last = path.at(-1)!;
  const alias =
    path.length === 1 ? mentions(catalog, statement).find((mention) => same(mention.alias, last)) : undefined;
  const table = alias?.table ?? catalog.tables.find((candidate) => endsWith(candidate, path));
  const columns = table ? await columnOptions(catalog, table) : [];
  const inside = catalog.tables
    .filter((candidate) => startsWith(fullName(candidate).slice(0, -1), path, "end"))
    .map((candidate) => tableOption(candidate, quoted(candidate.name)));
  return unique([...columns, ...inside, ...groups(catalog, path)]);
}

async function columnOptions(catalog: Catalog, table: TableInfo): Promise<Completion[]> {
  const late = new Promise<Column[]>((resolve) => setTimeout(() => resolve([]), COLUMNS_MS));
  const columns = await Promise.race([catalog.columns(table).catch(() => []), late]);
  return columns.map(({ name, type }) => ({
    label: quoted(name),
    detail: type,
    type: "property",
    boost: 2,
    info: `${name}: ${type}, of ${table.name}`,
  }));
}

const tableOption = (table: TableInfo, label: string): Completion => ({
  label,
  detail: table.type.toLowerCase(),
  type: "type",
  boost: 1,
});

/** Catalogs and schemas, where there is more than one to tell apart. */
function groups(catalog: Catalog, path: readonly string[]): Completion[] {
  const all = new Set(catalog.tables.map((table) => fullName(table).slice(0, -1).join(".")));
  if (all.size < 2) return [];
  const next = catalog.tables.flatMap((table) => {
    const name = fullName(table).slice(0, -1);
    return startsWith(name, path, "start") && name.length > path.length ? [name[path.length]!] : [];
  });
  return [...new Set(next)].map((name) => ({ label: quoted(name), type: "namespace" }));
}

interface Mention {
  table: TableInfo;
  /** The name the statement gives it, or its own. */
  alias: string;
}

/** The tables that a statement names, wherever it does. */
function mentions(catalog: Catalog, statement: string): Mention[] {
  const found: Mention[] = [];
  for (const match of statement.matchAll(PATH)) {
    const path = parts(match[0]);
    const table = catalog.tables.find((candidate) => endsWith(candidate, path));
    if (!table) continue;
    const behind = statement.slice(match.index + match[0].length);
    const alias = new RegExp(`^\\s+(?:as\\s+)?(${NAME})`, "iu").exec(behind)?.[1];
    const isKeyword = alias === undefined || isReserved(alias);
    found.push({ table, alias: isKeyword ? table.name : unquoted(alias) });
  }
  return found;
}

function fullName(table: TableInfo): string[] {
  return [table.catalog, table.dbSchema, table.name].filter((part): part is string => part !== null && part !== "");
}

/** Whether a path such as `main.flights` names the table. */
function endsWith(table: TableInfo, path: readonly string[]): boolean {
  const name = fullName(table);
  return path.length <= name.length && path.every((part, i) => same(part, name[name.length - path.length + i]!));
}

function startsWith(name: readonly string[], path: readonly string[], side: "start" | "end"): boolean {
  const offset = side === "start" ? 0 : name.length - path.length;
  return offset >= 0 && path.every((part, i) => same(part, name[offset + i] ?? ""));
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
const parts = (path: string): string[] => Array.from(path.matchAll(new RegExp(NAME, "gu")), ([name]) => unquoted(name));

function unique(options: readonly Completion[]): Completion[] {
  return [...new Map(options.map((option) => [`${option.type} ${option.label}`, option])).values()];
}

function inTextOrComment(context: CompletionContext): boolean {
  const { name } = syntaxTree(context.state).resolveInner(context.pos, -1);
  return /Comment$|^String$/.test(name);
}
